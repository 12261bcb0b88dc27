"""`modelmonitor status`: the quick check."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Annotated, Final

import typer

from modelmonitor.cli.document import check_format, document
from modelmonitor.cli.exit_codes import ExitCode
from modelmonitor.cli.gather import status_of
from modelmonitor.cli.model import Status
from modelmonitor.cli.options import Output, span
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.printing import printer
from modelmonitor.cli.status_text import show_list, show_status
from modelmonitor.cli.subjects import find_subjects, utc_now
from modelmonitor.cli.where import reads_from_somewhere
from modelmonitor.health import State

_AT_ONCE: Final = 8


@reads_from_somewhere
def status(
    where: Where,
    monitor: Annotated[str, typer.Argument(help="Name of the monitor  [default: the one there is]")] = "",
    output: Output = "table",
    window: Annotated[str, typer.Option(help="How far back predictions are counted, such as 24h")] = "24h",
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 10 for a warning, 20 for critical, 3 if incomplete")
    ] = False,
) -> None:
    """Show whether the model can be trusted: health, traffic, drift, alerts, and what to type next."""
    check_format(output)
    places = find_places(where, environment=os.environ)
    statuses = read_statuses(monitor, places, now=utc_now(), window=span(window, option="--window"))
    if output in {"json", "yaml"}:
        print(document("StatusList", statuses, output=output))
    else:
        _show(statuses, wide=output == "wide")
    code = _exit_code(statuses, asked=exit_code)
    if code:
        raise typer.Exit(code)


def read_statuses(name: str, places: Places, *, now: datetime, window: timedelta) -> tuple[Status, ...]:
    """The status of every monitor that a command is about, read at the same time."""
    subjects = find_subjects(name, places)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return tuple(pool.map(lambda each: status_of(each, places, now=now, window=window), subjects))


def _show(statuses: Sequence[Status], *, wide: bool) -> None:
    out = printer()
    if len(statuses) == 1:
        show_status(statuses[0], out=out, wide=wide)
    else:
        show_list(statuses, out=out)


def _exit_code(statuses: Sequence[Status], *, asked: bool) -> ExitCode:
    sources = [source for each in statuses for source in each.sources]
    if sources and not any(source.answered for source in sources) and not any(s.checks for s in statuses):
        return ExitCode.UNREACHABLE
    if not asked:
        return ExitCode.OK
    states = {each.state for each in statuses}
    if State.CRITICAL in states:
        return ExitCode.DRIFT
    if any(each.incomplete for each in statuses):
        return ExitCode.UNREACHABLE
    return ExitCode.WARNING if State.WARNING in states else ExitCode.OK
