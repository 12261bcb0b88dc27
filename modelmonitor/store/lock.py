"""One process at a time in a directory: an flock that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class DirectoryTaken(Exception):  # caught and named anew by whoever locks
    """Another process holds the directory; `holder` is its pid as text, or "unknown"."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"held by process {holder}")
        self.holder = holder


class DirectoryLock:
    """An exclusive hold on a directory, kept until `release` or the end of the process."""

    def __init__(self, directory: Path, *, name: str = "lock") -> None:
        self._path = directory / name
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the directory.

        Raises:
            DirectoryTaken: another process, or another object of this one, holds it.
        """
        fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(fd, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(fd)
            raise DirectoryTaken(holder) from None
        os.ftruncate(fd, 0)
        os.write(fd, f"{os.getpid()}\n".encode())
        self._fd = fd

    def release(self) -> None:
        """Let go; does nothing when not held. The file stays: removing it would let two holders in."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
