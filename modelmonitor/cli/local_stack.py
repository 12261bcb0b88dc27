"""What `up` and `demo` share: settings from options, the monitor from a file, lines on the terminal."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import FrameType
from typing import NoReturn

import typer
from pydantic import ValidationError
from rich.console import Console

from modelmonitor.api.load import load_monitor
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.cli.validate import read_file
from modelmonitor.local.settings import LocalSettings


def console() -> Console:
    """Progress and explanations go to standard error; results alone to standard output."""
    return Console(stderr=True, highlight=False)


def local_settings(data_dir: Path | None, *, http_port: int | None = None) -> LocalSettings:
    """Settings from the environment, with command-line options winning.

    Raises:
        typer.BadParameter: a value is out of its range; the message names it.
    """
    given = {"data_dir": data_dir, "http_port": http_port}
    try:
        return LocalSettings.model_validate(
            LocalSettings().model_dump() | {name: value for name, value in given.items() if value is not None}
        )
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        msg = f"these settings cannot be used: {problems}"
        raise typer.BadParameter(msg) from None


@dataclass(frozen=True, slots=True)
class MonitorText:
    """A valid ModelMonitor, and the text that it was read from."""

    monitor: ModelMonitor
    text: str

    def write(self, copy: Path) -> None:
        """Copy the text to where the drift jobs read it."""
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text(self.text, encoding="utf-8")


def read_monitor(file: Path | None) -> MonitorText:
    """The ModelMonitor of a file, or the packaged one.

    Raises:
        InvalidMonitor: with line, field and fix.
        typer.BadParameter: the file cannot be read.
    """
    if file is None:
        packaged = resources.files("modelmonitor.local").joinpath("sentiment.yaml")
        text, source = packaged.read_text(encoding="utf-8"), "sentiment.yaml"
    else:
        text, source = read_file(file), str(file)
    return MonitorText(monitor=load_monitor(text, source=source), text=text)


def monitor_from(file: Path | None, *, copy: Path) -> ModelMonitor:
    """The ModelMonitor of a file, or the packaged one; its text is copied to `copy` for the drift jobs.

    Raises:
        InvalidMonitor: with line, field and fix.
        typer.BadParameter: the file cannot be read.
    """
    read = read_monitor(file)
    read.write(copy)
    return read.monitor


@contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Inside, SIGTERM ends the command as Ctrl-C does: everything started is stopped in order."""

    def interrupt(number: int, frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
