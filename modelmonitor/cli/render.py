"""`modelmonitor render`: what the operator would make of a ModelMonitor."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from modelmonitor.api.load import load_monitor
from modelmonitor.cli.errors import CommandError, InstallOperatorExtra
from modelmonitor.cli.validate import read_file


class OperatorFailed(CommandError):
    """The operator could not render a valid monitor: its sentence says why."""


def render(
    files: Annotated[
        list[Path], typer.Argument(help="ModelMonitors in YAML, or - for standard input", show_default=False)
    ],
) -> None:
    """Print as YAML what the operator would create: rules, CronJobs, PodMonitor. Needs no cluster."""
    if importlib.util.find_spec("kopf") is None or importlib.util.find_spec("controller") is None:
        raise InstallOperatorExtra
    texts = [read_file(file) for file in files]
    for file, text in zip(files, texts, strict=True):
        load_monitor(text, source=str(file))
    for text in texts:
        print(_rendered(text), end="")


def _rendered(text: str) -> str:
    # A process of its own, for operator and command line never import each other.
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "monitor.yaml"
        copy.write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "controller", "render", "-f", str(copy)]
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode != 0:
        last = finished.stderr.strip().rpartition("\n")[2]
        msg = f"the operator could not render it: {last}"
        raise OperatorFailed(msg)
    return finished.stdout
