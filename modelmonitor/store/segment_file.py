"""The segment that is being written: appends that are whole or not there at all."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

from modelmonitor.store.errors import SpoolFull, SpoolUnwritable
from modelmonitor.store.segment import encode_header

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Segment:
    """One spool file: its place in the order of writing, where it is, and how many of its bytes count."""

    number: int
    path: Path
    size: int


class SegmentWriter:
    """An open segment; not thread-safe, the spool guards it."""

    def __init__(self, path: Path, number: int, *, columns: tuple[str, ...], opened_at: float) -> None:
        """Create the file with its header.

        Raises:
            SpoolFull: no room for it.
            SpoolUnwritable: the file cannot be made for another reason.
        """
        self.number = number
        self.path = path
        self.opened_at = opened_at
        self.size = 0
        self.dirty = False
        self.broken = False
        try:
            self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise unwritable(path.parent, error) from error
        try:
            self.write(encode_header(columns))
        except SpoolUnwritable:
            os.close(self.fd)
            path.unlink()
            raise

    def write(self, data: bytes) -> None:
        """Append all of `data`, or nothing.

        Raises:
            SpoolFull: no room; what was there before is untouched.
            SpoolUnwritable: another failure of the file system; the same holds.
        """
        view, done = memoryview(data), 0
        try:
            while done < len(data):
                done += os.write(self.fd, view[done:])
        except OSError as error:
            self._forget_partial_write(done)
            raise unwritable(self.path.parent, error) from error
        self.size += len(data)
        self.dirty = True

    def as_segment(self) -> Segment:
        """What a reader may see of it now."""
        return Segment(self.number, self.path, self.size)

    def _forget_partial_write(self, written: int) -> None:
        if not written:
            return
        try:
            os.ftruncate(self.fd, self.size)
        except OSError:
            # Readers stop at `size`, or at the torn record after a restart; more appends would be unreadable.
            self.broken = True


def unwritable(directory: Path, error: OSError) -> SpoolUnwritable:
    """The store's own error for a failed write into `directory`."""
    if error.errno in _NO_ROOM:
        return SpoolFull(
            f"The spool {directory} cannot grow ({error.strerror}): free its disk or bring PostgreSQL back."
        )
    return SpoolUnwritable(
        f"The spool {directory} cannot be written ({error.strerror}): check its disk and permissions."
    )
