"""The spool: an ordered set of segments on disk, appended to by many threads and drained by one.

Order of operations is what makes it safe. A row is acknowledged after write(), so it outlives the process; a
segment is removed only after the transaction that holds its rows; a process never appends to a segment that
another one began, so a torn record can only be the last of a file.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from modelmonitor.store.errors import LogNotOpen, SpoolFull, SpoolInUse
from modelmonitor.store.lock import DirectoryLock, DirectoryTaken
from modelmonitor.store.recovery import SUFFIX, recover
from modelmonitor.store.segment_file import Segment, SegmentWriter, unwritable
from modelmonitor.store.segment_reader import Batch, read_batch


class Spool:
    """Rows waiting for PostgreSQL; `append` is thread-safe, reading and releasing belong to one thread."""

    def __init__(
        self,
        directory: Path,
        *,
        columns: tuple[str, ...],
        segment_bytes: int,
        max_bytes: int,
        clock: Callable[[], float],
    ) -> None:
        self._directory = directory
        self._columns = columns
        self._segment_bytes = segment_bytes
        self._max_bytes = max_bytes
        self._clock = clock
        self._lock = DirectoryLock(directory)
        self._changed = threading.Condition()
        self._syncing = threading.Lock()
        self._sealed: deque[Segment] = deque()
        self._active: SegmentWriter | None = None
        self._unsynced: list[int] = []
        self._directory_dirty = False
        self._next_number = 1
        self._consumed = 0
        self._total_in = 0
        self._total_out = 0
        self._open = False

    def open(self) -> None:
        """Take the directory and find what earlier processes left.

        Raises:
            SpoolInUse: another process writes here.
            SpoolUnwritable: the directory cannot be made or read.
        """
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
            found = recover(self._directory)
        except DirectoryTaken as taken:
            raise SpoolInUse(
                f"The spool {self._directory} is in use by process {taken.holder}: "
                "stop it, or give this writer its own directory."
            ) from None
        except OSError as error:
            self._lock.release()
            raise unwritable(self._directory, error) from error
        with self._changed:
            self._sealed.extend(found.segments)
            self._next_number = found.next_number
            self._total_in = sum(segment.size for segment in found.segments)
            self._open = True

    def append(self, data: bytes) -> None:
        """Write encoded records; when it returns they survive the death of this process.

        Raises:
            SpoolFull: max_bytes or the disk is used up; nothing was written.
            SpoolUnwritable: the file system failed; nothing was written.
            LogNotOpen: before `open` or after `close`.
        """
        with self._changed:
            if not self._open:
                raise LogNotOpen(f"The spool {self._directory} is not open: call start() first.")
            if self._bytes_on_disk() + len(data) > self._max_bytes:
                raise SpoolFull(
                    f"The spool {self._directory} holds its limit of {self._max_bytes} bytes: "
                    "bring PostgreSQL back or raise max_bytes."
                )
            active = self._writable_segment(len(data))
            active.write(data)
            self._total_in += len(data)
            self._changed.notify_all()

    def read(self, *, max_rows: int, max_bytes: int) -> Batch | None:
        """The oldest rows that were not released, or None when there are none."""
        with self._changed:
            head = self._head()
            start = self._consumed
        if head is None or start >= head.size:
            return None
        return read_batch(head, start, max_rows=max_rows, max_bytes=max_bytes)

    def release(self, batch: Batch) -> None:
        """Forget rows that are committed, and remove the segment when they were its last."""
        with self._changed:
            self._advance(batch.records.end)
            self._remove_if_consumed()
            self._changed.notify_all()

    def retire(self, *, older_than_s: float) -> None:
        """Remove the active segment if all its rows are released and it is older than that, in seconds."""
        with self._changed:
            active = self._active
            if active and self._consumed >= active.size and self._clock() - active.opened_at >= older_than_s:
                self._seal()

    def sync(self) -> None:
        """Bring everything that was appended to the disk itself (fsync).

        Raises:
            OSError: the disk refused; what was written may not survive a power cut.
        """
        # One at a time, so that a caller whose rows another sync took returns only when that is done.
        with self._syncing:
            fds, directory = self._take_unsynced()
            try:
                for fd in fds:
                    os.fsync(fd)
                if directory:
                    _sync_directory(self._directory)
            finally:
                for fd in fds:
                    os.close(fd)

    def wait_for_rows(self, timeout_s: float, *, unless: Callable[[], bool]) -> bool:
        """Whether there are rows to read, after waiting for some that long, or until woken with `unless`."""
        with self._changed:
            self._changed.wait_for(lambda: self.pending_bytes > 0 or unless(), timeout_s)
            return self.pending_bytes > 0

    def wake(self) -> None:
        """Let whoever waits look at its condition again."""
        with self._changed:
            self._changed.notify_all()

    def wait_until_drained(self, timeout_s: float) -> bool:
        """Whether all rows appended until now were released within the time."""
        with self._changed:
            goal = self._total_in
            return self._changed.wait_for(lambda: self._total_out >= goal, timeout_s)

    @property
    def pending_bytes(self) -> int:
        """Bytes appended and not yet released."""
        return self._total_in - self._total_out

    def close(self) -> None:
        """Sync, close the files and let go of the directory; what is left is found by the next `open`."""
        with self._changed:
            self._open = False
            if self._active:
                self._seal()
        with contextlib.suppress(OSError):
            self.sync()
        self._lock.release()

    def _take_unsynced(self) -> tuple[list[int], bool]:
        with self._changed:
            fds, self._unsynced = self._unsynced, []
            if self._active and self._active.dirty:
                self._active.dirty = False
                fds.append(os.dup(self._active.fd))
            directory, self._directory_dirty = self._directory_dirty, False
        return fds, directory

    def _bytes_on_disk(self) -> int:
        return self.pending_bytes + self._consumed

    def _head(self) -> Segment | None:
        if self._sealed:
            return self._sealed[0]
        return self._active.as_segment() if self._active else None

    def _writable_segment(self, size: int) -> SegmentWriter:
        active = self._active
        if active and not active.broken and active.size + size <= self._segment_bytes:
            return active
        path = self._directory / f"{self._next_number:020d}{SUFFIX}"
        fresh = SegmentWriter(path, self._next_number, columns=self._columns, opened_at=self._clock())
        if active:
            self._seal()
        self._active = fresh
        self._next_number += 1
        self._total_in += fresh.size
        self._directory_dirty = True
        return fresh

    def _seal(self) -> None:
        active, self._active = self._active, None
        if active:
            self._sealed.append(active.as_segment())
            self._unsynced.append(active.fd)
            self._remove_if_consumed()

    def _advance(self, offset: int) -> None:
        self._total_out += offset - self._consumed
        self._consumed = offset

    def _remove_if_consumed(self) -> None:
        if self._sealed and self._consumed >= self._sealed[0].size:
            self._sealed[0].path.unlink(missing_ok=True)
            self._sealed.popleft()
            self._consumed = 0


def _sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
