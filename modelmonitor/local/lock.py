"""One supervisor for one data directory, enforced by the kernel."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelmonitor.local.errors import AlreadyRunning
from modelmonitor.store.lock import DirectoryLock, DirectoryTaken


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Hold a data directory; it is let go at the end of the process, also after `kill -9`.

    Raises:
        AlreadyRunning: another process holds it.
    """
    directory.mkdir(parents=True, exist_ok=True)
    lock = DirectoryLock(directory)
    try:
        lock.acquire()
    except DirectoryTaken as taken:
        msg = (
            f"{directory} is in use by process {taken.holder}: stop it with Ctrl-C or `kill {taken.holder}`, "
            "or choose another folder with --data-dir"
        )
        raise AlreadyRunning(msg) from None
    try:
        yield
    finally:
        lock.release()
