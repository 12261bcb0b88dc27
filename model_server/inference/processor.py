"""What this processor can multiply quickly, found without importing torch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

CPUINFO: Final = Path("/proc/cpuinfo")
# The kernel's names on x86 ("flags") and ARM ("Features") for matrix products in bfloat16.
BFLOAT16: Final = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
# Those for int8, which ONNX Runtime picks its kernels by: a cached verdict holds for the same ones only.
INT8_DOTS: Final = frozenset({"avx512_vnni", "avx_vnni", "amx_int8", "i8mm", "asimddp"})


def short_number_flags(cpuinfo: Path = CPUINFO) -> frozenset[str]:
    """Those of the flags above that the first core has; empty where the system does not tell."""
    try:
        content = cpuinfo.read_text()
    except OSError:
        return frozenset()
    line = re.search(r"^(?:flags|Features)\s*:(.*)$", content, re.MULTILINE)
    return (BFLOAT16 | INT8_DOTS) & frozenset(line.group(1).split() if line else ())
