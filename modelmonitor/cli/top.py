"""`modelmonitor top`: the live view."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated, Final

import typer
from rich.console import Console, RenderableType
from rich.live import Live

from modelmonitor.cli.errors import CommandError
from modelmonitor.cli.keyboard import read_key, single_keys
from modelmonitor.cli.local_stack import stopping_on_sigterm
from modelmonitor.cli.model import Status
from modelmonitor.cli.options import span
from modelmonitor.cli.places import Where, find_places
from modelmonitor.cli.printing import printer
from modelmonitor.cli.status import read_statuses
from modelmonitor.cli.subjects import utc_now
from modelmonitor.cli.top_text import frame, last_line, once
from modelmonitor.cli.top_view import View, press, visible
from modelmonitor.cli.where import reads_from_somewhere

_KEY_WAIT_S: Final = 0.2

Read = Callable[[], tuple[Status, ...]]


@reads_from_somewhere
def top(
    where: Where,
    monitor: Annotated[str, typer.Argument(help="Name of the monitor  [default: all there are]")] = "",
    interval: Annotated[str, typer.Option(help="Time between two looks, such as 10s")] = "10s",
    window: Annotated[str, typer.Option(help="How far back predictions are counted, such as 24h")] = "24h",
    once_only: Annotated[bool, typer.Option("--once", help="Print one frame and end")] = False,
) -> None:
    """Watch live: one line a monitor, every 10 seconds. Without a terminal it prints one frame and ends."""
    every, back = span(interval, option="--interval"), span(window, option="--window")
    places = find_places(where, environment=os.environ)

    def read() -> tuple[Status, ...]:
        return read_statuses(monitor, places, now=utc_now(), window=back)

    first = read()
    if once_only or not (sys.stdin.isatty() and sys.stdout.isatty()):
        printer().print(once(visible(first, View())))
        return
    with stopping_on_sigterm():
        last = watch_live(read, first, interval_s=every.total_seconds())
    print(last_line(last))


@dataclass(slots=True)
class _Looks:
    """Reads in the background, so that keys are answered while a source is slow."""

    read: Read
    interval_s: float
    pool: ThreadPoolExecutor
    latest: tuple[Status, ...]
    due: float
    running: Future[tuple[Status, ...]] | None = None

    def changed(self) -> bool:
        """Start a read that is due, take one that is ready; whether there is something new."""
        if self.running is None and time.monotonic() >= self.due:
            self.running = self.pool.submit(self.read)
        if self.running is None or not self.running.done():
            return False
        done, self.running = self.running, None
        self.due = time.monotonic() + self.interval_s
        try:
            self.latest = done.result()
        except CommandError:
            # The API server or the local stack went away: what was known stays on the screen.
            return False
        return True


def watch_live(read: Read, first: Sequence[Status], *, interval_s: float) -> tuple[Status, ...]:
    """Show frames on the alternate screen until the person leaves; what was read last."""
    out, view, keys = printer(), View(), sys.stdin.fileno()
    with (
        ThreadPoolExecutor(1) as pool,
        single_keys(keys),
        Live(console=out, screen=True, auto_refresh=False, transient=True) as live,
    ):
        looks = _Looks(read, interval_s, pool, tuple(first), time.monotonic() + interval_s)
        size, stale = out.size, True
        try:
            while not view.done:
                if stale:
                    live.update(_frame(looks.latest, view, out, interval_s), refresh=True)
                key = read_key(keys, wait_s=_KEY_WAIT_S)
                if key:
                    view = press(view, key, lines=len(visible(looks.latest, view)))
                stale = looks.changed() or bool(key) or out.size != size
                size = out.size
        except (EOFError, KeyboardInterrupt):
            pass
        return looks.latest


def _frame(statuses: tuple[Status, ...], view: View, out: Console, interval_s: float) -> RenderableType:
    width, height = out.size
    return frame(statuses, view, width=width, height=height, interval_s=interval_s, now=utc_now())
