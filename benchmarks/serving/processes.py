"""Processes beside this one: their processor time and memory, and holding them still."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator, Sequence

import psutil


def tree(pid: int) -> list[psutil.Process]:
    """The process and its descendants."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def cpu_seconds(pid: int) -> float:
    """Processor seconds that the process and its descendants have used so far."""
    times = [process.cpu_times() for process in tree(pid)]
    return float(sum(each.user + each.system for each in times))


def resident_mib(pid: int) -> float:
    """Resident memory of the process itself, in MiB."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


@contextlib.contextmanager
def held_still(pids: Sequence[int]) -> Iterator[None]:
    """Stop processes (SIGSTOP) while another is measured: an idle server must not cost its rival anything."""
    stopped = [process for pid in pids for process in tree(pid)]
    for process in stopped:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def let_go(pid: int) -> Iterator[None]:
    """Inside of `held_still`, let one of the held run for a while."""
    for process in tree(pid):
        process.send_signal(signal.SIGCONT)
    try:
        yield
    finally:
        for process in tree(pid):
            process.send_signal(signal.SIGSTOP)
