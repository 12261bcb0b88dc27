"""How many cores this container may use, which the operating system's count does not tell."""

from __future__ import annotations

import math
import os
from pathlib import Path

CPU_MAX = Path("/sys/fs/cgroup/cpu.max")


def allowed_cores(cpu_max: Path = CPU_MAX) -> int:
    """Cores by affinity mask and cgroup v2 quota, at least 1; torch counts all of the node's without this."""
    cores = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_max.read_text().split()
    except (OSError, ValueError):
        return cores
    return cores if quota == "max" else max(1, min(cores, math.ceil(int(quota) / int(period))))
