"""The quick check on a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from modelmonitor.cli.model import CheckLine, SourceLine, Status
from modelmonitor.cli.wording import (
    OF_SEVERITY,
    STYLE,
    ago,
    clock,
    figure,
    health_bounds,
    health_value,
    share,
)
from modelmonitor.health import State


def show_status(status: Status, *, out: Console, wide: bool) -> None:
    """Print everything that is known of one monitor."""
    out.print(_title(status), soft_wrap=True)
    out.print(_traffic(status), soft_wrap=True)
    out.print(_health(status))
    if status.checks:
        out.print(_checks(status, wide=wide))
    else:
        out.print("drift    no check has run yet", style="dim")
    for alert in status.alerts:
        said = f"alert    {alert.name} {alert.severity} {ago(alert.since, status.at)} {alert.summary}"
        out.print(
            Text(said.rstrip(), style=STYLE[OF_SEVERITY.get(alert.severity, State.UNKNOWN)]), soft_wrap=True
        )
    if not status.alerts:
        out.print("alerts   none")
    for line in (*_next_runs(status), *(f"note     {escape(note)}" for note in status.notes)):
        out.print(line, soft_wrap=True)
    for source in status.sources:
        if wide or not source.answered:
            out.print(source_text(source), soft_wrap=True)
    out.print(f"Next: {status.next_command}", style="bold", soft_wrap=True)


def show_list(statuses: Sequence[Status], *, out: Console) -> None:
    """Print one line a monitor."""
    table = plain_table("NAMESPACE", "NAME", "STATE", "CONF", "P95", "DRIFT", "ALERTS", "NEWEST")
    for each in statuses:
        values = {row.name: health_value(row) for row in each.health}
        drifted = ",".join(check.name for check in each.checks if check.verdict == "Drift") or "-"
        table.add_row(
            each.namespace,
            each.name,
            Text(each.state, style=STYLE[each.state]),
            values.get("Avg Confidence", "-"),
            values.get("Latency (P95)", "-"),
            drifted,
            str(len(each.alerts)),
            ago(each.newest, each.at),
        )
    out.print(table)


def source_text(source: SourceLine) -> Text:
    """One line about a source."""
    if source.answered:
        return Text(f"source   {source.name} ok, {source.took_ms} ms", style="dim")
    return Text(f"source   {source.name} DOWN: {source.problem}", style="yellow")


def _title(status: Status) -> Text:
    place = f"{status.namespace}/{status.name}" if status.namespace else status.name
    version = f", version {status.version}" if status.version else ""
    told = f"{place}  (model {status.model or '?'}{version}, {status.backend})  "
    return Text(told, style="bold") + Text(status.state, style=STYLE[status.state])


def _traffic(status: Status) -> Text:
    if not status.total:
        hours = f"{status.window_hours:g} h"
        return Text(f"traffic  no predictions in the last {hours}", style="yellow")
    since = f"in {status.window_hours:g} h" if status.newest else "since the server started"
    classes = ", ".join(
        f"{name} {share(count / status.total)}" for name, count in sorted(status.classes.items())
    )
    rate = "" if status.rate is None else f", {status.rate:.2f}/s now"
    newest = f", newest {ago(status.newest, status.at)}" if status.newest else ""
    return Text(f"traffic  {status.total:,} predictions {since}: {classes}{rate}{newest}")


def _health(status: Status) -> Table:
    table = plain_table("METRIC", "NOW", "WARNING", "CRITICAL", "STATE")
    for row in status.health:
        warning, critical = health_bounds(row)
        table.add_row(row.name, health_value(row), warning, critical, Text(row.state, style=STYLE[row.state]))
    return table


def _checks(status: Status, *, wide: bool) -> Table:
    extra = ("DETECTOR", "ROWS", "RUN") if wide else ()
    # Most checks are called what they are: the column would only push the others off a narrow terminal.
    typed = wide or any(check.name != check.type for check in status.checks)
    names = ("CHECK", "TYPE") if typed else ("CHECK",)
    table = plain_table(*names, "VERDICT", "P", "LEVEL", "EFFECT", "MATTERS", "RAN", *extra)
    for check in status.checks:
        more = (check.detector, f"{check.rows or 0:,}", check.run) if wide else ()
        table.add_row(
            *((check.name, check.type) if typed else (check.name,)),
            verdict_text(check),
            figure(check.p_value),
            figure(check.level),
            figure(check.effect),
            figure(check.effect_threshold),
            ago(check.at, status.at),
            *more,
        )
    return table


def verdict_text(check: CheckLine) -> Text:
    """A verdict with its severity, coloured."""
    if check.verdict == "Drift":
        state = OF_SEVERITY.get(check.severity, State.WARNING)
        return Text(f"Drift {check.severity}", style=STYLE[state])
    state = State.HEALTHY if check.verdict == "NoDrift" else State.UNKNOWN
    return Text(check.verdict or "-", style=STYLE[state])


def _next_runs(status: Status) -> tuple[str, ...]:
    if not status.next_runs:
        return ()
    runs = ", ".join(f"{run.check} {clock(run.at, status.at)}" for run in status.next_runs)
    return (f"next     {runs} (UTC)",)


def plain_table(*columns: str) -> Table:
    """A table without lines, as kubectl prints them."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column, no_wrap=True)
    return table
