"""Print a lock file without torch and what only its CUDA build needs; the version of torch goes to a file.

python without_cuda.py requirements/server.txt torch-version.txt > rest.txt
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_DROPPED = re.compile(r"^(nvidia-|triton==|torch==|cuda-)")


def without_cuda(lock: str) -> tuple[str, str]:
    """The other packages with their hashes, and the locked version of torch."""
    entries = re.split(r"(?m)^(?=[a-z0-9])", lock)
    kept = [entry for entry in entries if not _DROPPED.match(entry)]
    torch = next(entry for entry in entries if entry.startswith("torch=="))
    return "".join(kept), torch.split()[0].removeprefix("torch==")


if __name__ == "__main__":
    rest, version = without_cuda(Path(sys.argv[1]).read_text(encoding="utf-8"))
    Path(sys.argv[2]).write_text(version, encoding="utf-8")
    sys.stdout.write(rest)
