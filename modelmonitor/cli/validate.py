"""`modelmonitor validate`: is this a ModelMonitor that a cluster will accept?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from modelmonitor.api.load import load_monitor


def validate(
    files: Annotated[
        list[Path], typer.Argument(help="YAML files, or - for standard input.", show_default=False)
    ],
) -> None:
    """Check ModelMonitor files against the resource's schema and rules, without a cluster."""
    for file in files:
        monitor = load_monitor(read_file(file), source=str(file))
        print(f"{file}: ModelMonitor {monitor.metadata.name} is valid")


def read_file(file: Path) -> str:
    """The text of a file named on the command line.

    Raises:
        typer.BadParameter: it does not exist, cannot be read, or is not UTF-8.
    """
    if str(file) == "-":
        return sys.stdin.read()
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"cannot read {file}: {error.strerror}"
        raise typer.BadParameter(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{file} is not UTF-8 text (byte {error.start}): save it as UTF-8"
        raise typer.BadParameter(msg) from error
