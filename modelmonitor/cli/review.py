"""`modelmonitor review`: the weekly review."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from modelmonitor.cli.alerts import AlertRow, alert_row
from modelmonitor.cli.document import check_format, document, write_or_print
from modelmonitor.cli.drift_history import database_of
from modelmonitor.cli.errors import SourceDown, WrongInput
from modelmonitor.cli.model import CheckLine
from modelmonitor.cli.options import Output
from modelmonitor.cli.places import Places, Where, find_places
from modelmonitor.cli.review_page import review_page
from modelmonitor.cli.review_text import show_review
from modelmonitor.cli.sources.database import (
    alerts_of,
    daily_confidence,
    label_facts,
    read_database,
    window_facts,
)
from modelmonitor.cli.subjects import Subject, one_subject, utc_now
from modelmonitor.cli.verdicts import check_lines
from modelmonitor.cli.week import Day, Review, TrainingRun, Week
from modelmonitor.cli.where import reads_from_somewhere
from modelmonitor.report.review_page import render_review

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2's class has a lower-case name

_WEEK: Final = timedelta(days=7)
_MOST_ROWS: Final = 5_000
_MOST_TRAININGS: Final = 10
# Two weeks of predictions are counted, which takes longer than the quick check may.
_PATIENCE: Final = 10


@reads_from_somewhere
def review(
    where: Where,
    monitor: Annotated[str, typer.Argument(help="Name of the monitor  [default: the one there is]")] = "",
    output: Output = "table",
    format_: Annotated[str, typer.Option("--format", help="text, or html for a page")] = "text",
    out: Annotated[Path | None, typer.Option("--out", help="File for the page  [default: print it]")] = None,
) -> None:
    """Review the week: this one beside the last, trends, alerts, drift, labels, training runs."""
    check_format(output)
    check_format(format_, allowed=("text", "html"))
    if out is not None and format_ != "html":
        msg = "--out is for the page: add --format html"
        raise WrongInput(msg)
    places = find_places(where, environment=os.environ)
    database_of(places)
    subject = one_subject(monitor, places)
    found = read_review(subject, places, now=utc_now())
    if format_ == "html":
        write_or_print(render_review(review_page(found, subject.thresholds)), out)
    elif output in {"json", "yaml"}:
        print(document("ReviewList", [found], output=output))
    else:
        show_review(found, subject.thresholds)


def read_review(subject: Subject, places: Places, *, now: datetime) -> Review:
    """Read what the review shows; MLflow may be down, the database may not.

    Raises:
        SourceDown: PostgreSQL does not answer.
    """
    trainings, problems = _trainings(places, since=now - _WEEK)

    def read(conn: Connection) -> Review:
        return Review(
            name=subject.name,
            start=now - _WEEK,
            end=now,
            this=_week(conn, subject, end=now),
            last=_week(conn, subject, end=now - _WEEK),
            days=_days(conn, subject, now=now),
            runs=_runs(conn, subject, since=now - _WEEK),
            alerts=_alerts(conn, subject, now=now),
            trainings=trainings,
            problems=problems,
        )

    return read_database(places.database_url, read, timeout_s=places.timeout_s * _PATIENCE)


def _week(conn: Connection, subject: Subject, *, end: datetime) -> Week:
    start = end - _WEEK
    return Week(
        window_facts(
            conn,
            deployment=subject.deployment,
            start=start,
            end=end,
            low_confidence_below=subject.thresholds.low_confidence_below,
        ),
        label_facts(conn, deployment=subject.deployment, start=start, end=end),
    )


def _days(conn: Connection, subject: Subject, *, now: datetime) -> tuple[Day, ...]:
    rows = daily_confidence(conn, deployment=subject.deployment, start=now - 2 * _WEEK, end=now)
    return tuple(Day(*row) for row in rows)


def _runs(conn: Connection, subject: Subject, *, since: datetime) -> tuple[CheckLine, ...]:
    from modelmonitor.store.results import list_results

    rows = list_results(
        conn, deployment_id=subject.deployment, namespace=subject.namespace, since=since, limit=_MOST_ROWS
    )
    return check_lines(rows)


def _alerts(conn: Connection, subject: Subject, *, now: datetime) -> tuple[AlertRow, ...]:
    rows = (alert_row(past) for past in alerts_of(conn, start=now - _WEEK, end=now))
    return tuple(row for row in rows if row.monitor in ("", subject.name))


def _trainings(places: Places, *, since: datetime) -> tuple[tuple[TrainingRun, ...] | None, tuple[str, ...]]:
    from modelmonitor.cli.sources.mlflow_runs import recent_runs

    if not places.mlflow_url:
        return None, ()
    try:
        found = recent_runs(places.mlflow_url, since=since, limit=_MOST_TRAININGS, timeout_s=places.timeout_s)
    except SourceDown as error:
        return None, (str(error),)
    return found, ()
