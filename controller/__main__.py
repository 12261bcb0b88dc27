"""`python -m controller`: see `controller.cli`."""

from __future__ import annotations

from controller.cli import app

if __name__ == "__main__":
    app(prog_name="python -m controller")
