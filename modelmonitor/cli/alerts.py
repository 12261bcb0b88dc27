"""`modelmonitor alerts`: what fires now, and what fired."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from modelmonitor.cli.document import check_format, document
from modelmonitor.cli.errors import NameWhere, SourceDown, WrongInput
from modelmonitor.cli.options import Output, span
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.printing import printer
from modelmonitor.cli.sources.database import PastAlert, alerts_of, read_database
from modelmonitor.cli.sources.prometheus import firing_alerts
from modelmonitor.cli.status_text import plain_table
from modelmonitor.cli.subjects import one_subject, utc_now
from modelmonitor.cli.where import reads_from_somewhere
from modelmonitor.cli.wording import OF_SEVERITY, STYLE, ago
from modelmonitor.health import State

_SEVERITIES: Final = ("critical", "warning")


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One alert, firing while `ended` is None."""

    name: str
    severity: str
    monitor: str
    check: str
    since: datetime
    ended: datetime | None
    summary: str


@reads_from_somewhere
def alerts(
    where: Where,
    output: Output = "table",
    severity: Annotated[str, typer.Option(help="Only critical, or only warning")] = "",
    since: Annotated[str, typer.Option(help="Also those that ended within this span, such as 7d")] = "",
) -> None:
    """List alerts that fire now, from Prometheus and from the alerts that were recorded."""
    check_format(output)
    if severity not in ("", *_SEVERITIES):
        msg = f"--severity {severity!r} is none: choose {' or '.join(_SEVERITIES)}"
        raise WrongInput(msg)
    now = utc_now()
    back = span(since, option="--since") if since else timedelta(0)
    places = find_places(where, environment=os.environ)
    _tell_unjudged(places)
    rows = [row for row in read_alerts(places, now=now, back=back) if severity in ("", row.severity)]
    if output in {"json", "yaml"}:
        print(document("AlertList", rows, output=output))
    else:
        _show(rows, now=now, wide=output == "wide")


def read_alerts(places: Places, *, now: datetime, back: timedelta) -> tuple[AlertRow, ...]:
    """Alerts of every source that answers, each once, the latest first; what is down is told on stderr.

    Raises:
        NameWhere: no source of alerts is known.
        SourceDown: none answers.
    """
    told, problems = _ask_all(places, now=now, back=back)
    if not problems and told is None:
        msg = "alerts are in Prometheus and PostgreSQL: give --prometheus-url or set MM_DATABASE_URL"
        raise NameWhere(msg)
    if told is None:
        raise SourceDown("; ".join(problems))
    for problem in problems:
        Console(stderr=True, soft_wrap=True).print(f"not asked: {problem}", markup=False)
    rows = {(row.name, row.severity, row.monitor, row.check, row.since): row for row in map(alert_row, told)}
    return tuple(sorted(rows.values(), key=lambda row: (row.ended is not None, -row.since.timestamp())))


def _tell_unjudged(places: Places) -> None:
    # In a cluster Prometheus judges every alert; a list from here would seem as complete as that.
    monitor = one_subject("", places).monitor if places.backend == "local" else None
    if monitor is None:
        return
    from modelmonitor.local.alerts.watch import unjudged

    for sentence in unjudged(monitor):
        Console(stderr=True, soft_wrap=True).print(sentence, markup=False)


def _ask_all(
    places: Places, *, now: datetime, back: timedelta
) -> tuple[list[PastAlert] | None, tuple[str, ...]]:
    told: list[PastAlert] | None = None
    problems = []

    def recorded(conn: Any) -> tuple[PastAlert, ...]:  # noqa: ANN401 - psycopg2's connection
        return alerts_of(conn, start=now - back, end=now + timedelta(minutes=5))

    def firing() -> tuple[PastAlert, ...]:
        found = firing_alerts(places.prometheus_url, timeout_s=places.timeout_s)
        return tuple(PastAlert(alert, None) for alert in found)

    asks: tuple[tuple[str, Callable[[], Iterable[PastAlert]]], ...] = (
        (
            places.database_url,
            lambda: read_database(places.database_url, recorded, timeout_s=places.timeout_s),
        ),
        (places.prometheus_url, firing),
    )
    for address, ask in asks:
        try:
            told = [*(told or ()), *ask()] if address else told
        except SourceDown as error:
            problems.append(str(error))
    return told, tuple(problems)


def alert_row(past: PastAlert) -> AlertRow:
    """An alert as a line of the list."""
    alert = past.alert
    return AlertRow(
        name=alert.name,
        severity=alert.severity,
        monitor=alert.labels.get("modelmonitor", ""),
        check=alert.labels.get("check", ""),
        since=alert.since,
        ended=past.ended,
        summary=alert.summary,
    )


def _show(rows: list[AlertRow], *, now: datetime, wide: bool) -> None:
    if not rows:
        Console(stderr=True).print("no alert fires")
        return
    table = plain_table("ALERT", "SEVERITY", "MONITOR", "CHECK", "BEGAN", "ENDED", *(("SUMMARY",) * wide))
    for row in rows:
        style = STYLE[OF_SEVERITY.get(row.severity, State.UNKNOWN)] if row.ended is None else "dim"
        ended = "fires" if row.ended is None else ago(row.ended, now)
        told = (row.monitor, row.check, ago(row.since, now), ended, *((row.summary,) * wide))
        table.add_row(row.name, Text(row.severity, style=style), *told)
    printer().print(table)
