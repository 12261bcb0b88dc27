"""Where results are printed: a terminal has a width, a pipe and a file have none."""

from __future__ import annotations

import os
import sys
from typing import Final

from rich.console import Console

_ENDLESS: Final = 10_000


def printer() -> Console:
    """The standard output; what goes to a program or a file is cut only where COLUMNS gives a width."""
    told_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(highlight=False, width=None if told_width else _ENDLESS)
