"""`modelmonitor drift list` and `drift show`: what past runs found."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from modelmonitor.cli.document import check_format, document
from modelmonitor.cli.errors import NameWhere, NotFound, WrongInput
from modelmonitor.cli.model import CheckLine
from modelmonitor.cli.options import Output, span
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.printing import printer
from modelmonitor.cli.sources.database import read_database
from modelmonitor.cli.status_text import plain_table, verdict_text
from modelmonitor.cli.subjects import one_subject, utc_now
from modelmonitor.cli.verdicts import check_lines
from modelmonitor.cli.where import reads_from_somewhere
from modelmonitor.cli.wording import ago, figure

if TYPE_CHECKING:
    from modelmonitor.store.results import DriftRow

_MOST_ROWS: Final = 20_000
# The beginning of an identity that every command takes for the whole.
_ENOUGH: Final = 12


@dataclass(frozen=True, slots=True)
class RunDetail:
    """All that one run of a monitor left in the database."""

    run: str
    window_start: datetime
    window_end: datetime
    model_version: str
    report: str
    checks: tuple[CheckLine, ...]
    tests: tuple[DriftRow, ...]


@reads_from_somewhere
def list_runs(
    where: Where,
    monitor: Annotated[str, typer.Argument(help="Name of the monitor  [default: the one there is]")] = "",
    output: Output = "table",
    since: Annotated[str, typer.Option(help="How far back, such as 30d")] = "30d",
    limit: Annotated[int, typer.Option(help="Most lines", min=1, max=10_000)] = 20,
    drifted: Annotated[bool, typer.Option("--drifted", help="Only runs that say drift")] = False,
) -> None:
    """List past runs, the latest first: one line for each check of a run."""
    check_format(output)
    now = utc_now()
    rows = _history(monitor, where, since=now - span(since, option="--since"))
    lines = [each for each in check_lines(rows) if each.verdict == "Drift" or not drifted][:limit]
    if output in {"json", "yaml"}:
        print(document("DriftRunList", lines, output=output))
        return
    if not lines:
        Console(stderr=True).print("no runs in this span: `modelmonitor drift run` makes one")
        return
    _show_lines(lines, now=now, wide=output == "wide")


@reads_from_somewhere
def show(
    where: Where,
    run: Annotated[str, typer.Argument(help="Identity of the run, or how it begins", show_default=False)],
    monitor: Annotated[str, typer.Option(help="Name of the monitor")] = "",
    output: Output = "table",
) -> None:
    """Show everything that one run found: each test with its numbers, the reason in words, the report."""
    check_format(output)
    rows = _history(monitor, where, since=datetime(2000, 1, 1, tzinfo=UTC))
    detail = find_run(run, rows)
    if output in {"json", "yaml"}:
        print(document("DriftRunDetailList", [detail], output=output))
    else:
        _show_detail(detail)


def find_run(begins: str, rows: tuple[DriftRow, ...]) -> RunDetail:
    """The one run whose identity begins like this.

    Raises:
        NotFound: there is none.
        WrongInput: there are several.
    """
    names = list(dict.fromkeys(row.run_id for row in rows if row.run_id.startswith(begins)))
    if begins in names:
        names = [begins]
    if not names:
        msg = f"there is no run {begins}: `modelmonitor drift list` shows those there are"
        raise NotFound(msg)
    if len(names) > 1:
        msg = f"several runs begin with {begins!r}: {', '.join(names[:5])}; give more of it"
        raise WrongInput(msg)
    own = tuple(row for row in rows if row.run_id == names[0])
    return RunDetail(
        run=names[0],
        window_start=min(row.window_start for row in own),
        window_end=max(row.window_end for row in own),
        model_version=own[0].model_version,
        report=own[0].report_url,
        checks=check_lines(own),
        tests=own,
    )


def database_of(places: Places) -> str:
    """The URL of the database that holds the history.

    Raises:
        NameWhere: it is not known.
    """
    if not places.database_url:
        msg = "past runs are in PostgreSQL: set MM_DATABASE_URL to postgresql://user:password@host:port/name"
        raise NameWhere(msg)
    return places.database_url


def _history(monitor: str, where: Where, *, since: datetime) -> tuple[DriftRow, ...]:
    from modelmonitor.store.results import list_results

    places = find_places(where, environment=os.environ)
    url = database_of(places)
    subject = one_subject(monitor, places)

    def read(conn: Any) -> tuple[DriftRow, ...]:  # noqa: ANN401 - psycopg2's connection
        return list_results(
            conn, deployment_id=subject.deployment, namespace=subject.namespace, since=since, limit=_MOST_ROWS
        )

    return read_database(url, read, timeout_s=places.timeout_s)


def _show_lines(lines: list[CheckLine], *, now: datetime, wide: bool) -> None:
    extra = ("DETECTOR", "LEVEL", "MATTERS") if wide else ()
    table = plain_table("RUN", "CHECK", "VERDICT", "P", "EFFECT", "ROWS", "RAN", *extra)
    for each in lines:
        more = (each.detector, figure(each.level), figure(each.effect_threshold)) if wide else ()
        rows = f"{each.rows or 0:,}"
        told = (figure(each.p_value), figure(each.effect), rows, ago(each.at, now))
        run = each.run if wide else each.run[:_ENOUGH]
        table.add_row(run, each.name, verdict_text(each), *told, *more)
    printer().print(table)


def _show_detail(detail: RunDetail) -> None:
    out = printer()
    bounds = f"{detail.window_start.astimezone(UTC):%Y-%m-%d %H:%M} .. {_utc(detail.window_end)} UTC"
    out.print(Text(f"run {detail.run}", style="bold"), soft_wrap=True)
    out.print(f"window {bounds}, model version {detail.model_version}", soft_wrap=True)
    for check in detail.checks:
        line = Text(f"{check.name}: ") + verdict_text(check) + Text(f". {check.reason}")
        out.print(line, soft_wrap=True)
    table = plain_table("CHECK", "DETECTOR", "FEATURE", "P", "LEVEL", "EFFECT", "MATTERS", "VERDICT")
    for row in detail.tests:
        numbers = (row.p_value, row.level, row.effect_size, row.threshold)
        name = f"{row.check_name}/{row.segment}" if row.segment else row.check_name
        table.add_row(name, row.detector, row.feature, *map(figure, numbers), row.verdict)
    out.print(table)
    out.print(f"report {detail.report or 'was not kept'}", soft_wrap=True, markup=False)


def _utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
