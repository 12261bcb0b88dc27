"""How many cores this container may use, which the operating system's count does not tell, and how gently."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import MutableMapping
from contextlib import suppress
from pathlib import Path
from typing import Final

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
# torch's OpenMP threads spin while they wait for each other, and take the core from the event loop or from
# the very thread they wait for: a batch of 50 ms took 700 to 1,600 on two cores that others used as well.
# The tokenizer's own threads would do the same for texts that take it microseconds.
GENTLE: Final = {"OMP_WAIT_POLICY": "PASSIVE", "TOKENIZERS_PARALLELISM": "false"}

# Added to the process's; where cores are short it leaves three parts in four to a thread without it.
NICENESS: Final = 5
_NICEST: Final = 19


def give_way() -> None:
    """Let this thread, and those that it starts, wait for the other threads where cores are short."""
    # Linux keeps priorities by thread and needs no right to lower one; another system may refuse.
    with suppress(OSError):
        # From the main thread's, so that a thread which inherited a lower one does not fall twice.
        nicer = min(_NICEST, os.getpriority(os.PRIO_PROCESS, os.getpid()) + NICENESS)
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nicer)


def share_cores(environment: MutableMapping[str, str]) -> None:
    """Make waiting threads sleep, unless the user has said otherwise; works before torch is imported only."""
    for name, value in GENTLE.items():
        environment.setdefault(name, value)


def allowed_cores(cpu_max: Path = CPU_MAX) -> int:
    """Cores by affinity mask and cgroup v2 quota, at least 1; torch counts all of the node's without this."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_max.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, math.ceil(int(quota) / int(period))))
