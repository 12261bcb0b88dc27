"""`python -m controller`: see `controller.cli`."""

from __future__ import annotations

import sys

if sys.argv[1:2] == ["run"]:
    # Kopf imports the official client wherever it is installed, for a log-in that the operator replaces:
    # 50 MB for nothing (docs/adr/0010). The webhook, another process, uses it.
    sys.modules["kubernetes"] = None  # type: ignore[assignment]

from controller.cli import app

if __name__ == "__main__":
    app(prog_name="python -m controller")
