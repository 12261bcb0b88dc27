"""Rows that PostgreSQL will never take, kept aside with the reason, a JSON object a line, within a bound."""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import os
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

NAME: Final = "dead-letter.jsonl"
OLDER_NAME: Final = "dead-letter.older.jsonl"
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class DeadLetters:
    """Two append-only files beside the spool; they hold input texts, so only their owner may read them.

    The newest rows stay: at half of `max_bytes` the file becomes the older one, and what was that is deleted.
    Of a row that is longer than half only the reason stays; of one that the disk has no room for, nothing.

    Args:
        directory: of the spool.
        max_bytes: of both files together.
        now: time of keeping.
    """

    def __init__(self, directory: Path, *, max_bytes: int, now: Callable[[], datetime]) -> None:
        self._path = directory / NAME
        self._older = directory / OLDER_NAME
        self._half = max_bytes // 2
        self._now = now

    def keep(self, rows: Sequence[bytes], *, columns: tuple[str, ...], reason: str) -> int:
        """Write rows (COPY BINARY tuples of `columns`) to disk before anybody forgets them.

        Returns:
            How many rows no copy is kept of any more: these, or older ones that made room.

        Raises:
            OSError: the disk failed, not for want of room; do not forget them.
        """
        return sum(self._keep(row, columns=columns, reason=reason) for row in rows)

    def _keep(self, row: bytes, *, columns: tuple[str, ...], reason: str) -> int:
        entry = {"kept_at": self._now().isoformat(), "reason": reason, "columns": columns}
        line = json.dumps({**entry, "row": base64.b64encode(row).decode("ascii")}).encode() + b"\n"
        lost = 0
        if len(line) > self._half:
            line = json.dumps({**entry, "row_bytes": len(row)}).encode() + b"\n"
            lost = 1
        lost += self._make_room(len(line))
        try:
            self._append(line)
        except OSError as error:
            if error.errno not in _NO_SPACE:
                raise
            # Waiting for room would stop all rows behind this one, which are what fills the disk.
            return max(lost, 1)
        return lost

    def _make_room(self, size: int) -> int:
        if self._size() + size <= self._half:
            return 0
        lost = 0
        with contextlib.suppress(FileNotFoundError), self._older.open("rb") as file:
            lost = sum(b'"row": ' in line for line in file)
        with contextlib.suppress(FileNotFoundError):
            self._path.replace(self._older)
        return lost

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def _append(self, line: bytes) -> None:
        fd = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        before = os.fstat(fd).st_size
        try:
            _write_all(fd, line)
            os.fsync(fd)
        except OSError:
            os.ftruncate(fd, before)
            raise
        finally:
            os.close(fd)


def _write_all(fd: int, line: bytes) -> None:
    # Of a disk that fills up, write() takes what still fits.
    if os.write(fd, line) < len(line):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
