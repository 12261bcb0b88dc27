"""PostgreSQL: predictions of a window, results of checks, alerts, labels; read-only and with a time limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeVar

from modelmonitor.cli.errors import NotFound, SourceDown
from modelmonitor.cli.sources.prometheus import FiringAlert

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2's class has a lower-case name

Answer = TypeVar("Answer")

_HOUR_S: Final = 3600

_BY_CLASS: Final = """
SELECT predicted_sentiment, count(*), coalesce(sum(confidence_score), 0),
       count(*) FILTER (WHERE confidence_score < %(low)s), max(predicted_at), count(confidence_score)
FROM prediction_logs
WHERE deployment_id = %(deployment)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
GROUP BY predicted_sentiment ORDER BY predicted_sentiment
"""
_BY_DAY: Final = """
SELECT (predicted_at AT TIME ZONE 'UTC')::date::text, count(*), avg(confidence_score)
FROM prediction_logs
WHERE deployment_id = %s AND predicted_at >= %s AND predicted_at < %s
GROUP BY 1 HAVING count(confidence_score) > 0 ORDER BY 1
"""
_BY_HOUR: Final = """
SELECT extract(epoch FROM date_trunc('hour', predicted_at))::bigint, avg(confidence_score)
FROM prediction_logs
WHERE deployment_id = %s AND predicted_at >= %s AND predicted_at < %s
GROUP BY 1
"""
_LABELS: Final = """
SELECT count(*), count(*) FILTER (WHERE feedback.label = logged.predicted_sentiment)
FROM prediction_logs AS logged JOIN feedback USING (prediction_id)
WHERE logged.deployment_id = %s AND logged.predicted_at >= %s AND logged.predicted_at < %s
"""
_ALERTS: Final = """
SELECT alertname, severity, starts_at, ends_at, labels, annotations FROM monitoring_alerts
WHERE starts_at < %s AND (ends_at IS NULL OR ends_at >= %s) ORDER BY starts_at DESC, fingerprint
"""
_NEWEST_DEPLOYMENT: Final = "SELECT deployment_id FROM prediction_logs ORDER BY predicted_at DESC LIMIT 1"
_DEPLOYMENTS: Final = """
SELECT deployment_id FROM drift_results UNION SELECT deployment_id FROM prediction_rollups ORDER BY 1 LIMIT 20
"""


@dataclass(frozen=True, slots=True)
class WindowFacts:
    """Predictions of a window.

    Attributes:
        classes: predictions by predicted class.
        confidence: mean, 0 to 1; None where none is known.
        low_confidence_share: of those of known confidence, 0 to 1; None without any.
        newest: time of the last one, with time zone.
    """

    classes: Mapping[str, int]
    confidence: float | None
    low_confidence_share: float | None
    newest: datetime | None

    @property
    def total(self) -> int:
        """All predictions."""
        return sum(self.classes.values())


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """Labelled predictions of a window, and how many of them were right."""

    labelled: int
    right: int

    @property
    def accuracy(self) -> float | None:
        """0 to 1; None without labels."""
        return self.right / self.labelled if self.labelled else None


@dataclass(frozen=True, slots=True)
class PastAlert:
    """An alert of a span; it fires while `ended` is None."""

    alert: FiringAlert
    ended: datetime | None


@contextmanager
def reading(database_url: str, *, timeout_s: float) -> Iterator[Connection]:
    """A connection that can change nothing and waits no longer than a source may take.

    Raises:
        SourceDown: no database answers, it is too slow, or it holds no tables of ours.
    """
    # Imported here, for other sources need no driver.
    import psycopg2

    from modelmonitor.store.connection import connect
    from modelmonitor.store.errors import DatabaseUnreachable

    try:
        conn = connect(
            database_url, application_name="modelmonitor-cli", connect_timeout_s=max(2, int(timeout_s))
        )
    except DatabaseUnreachable as error:
        raise SourceDown(str(error)) from None
    with closing(conn):
        try:
            conn.set_session(readonly=True, autocommit=True)
            with conn.cursor() as cursor:
                cursor.execute("SET statement_timeout = %s", (int(timeout_s * 1000),))
            yield conn
        except psycopg2.Error as error:
            raise SourceDown(_sentence(error, timeout_s)) from None


def window_facts(
    conn: Connection, *, deployment: str, start: datetime, end: datetime, low_confidence_below: float
) -> WindowFacts:
    """Predictions of [start, end)."""
    question = {"deployment": deployment, "start": start, "end": end, "low": low_confidence_below}
    with conn.cursor() as cursor:
        cursor.execute(_BY_CLASS, question)
        rows = cursor.fetchall()
    known = sum(row[5] for row in rows)
    return WindowFacts(
        classes={row[0]: row[1] for row in rows},
        confidence=sum(row[2] for row in rows) / known if known else None,
        low_confidence_share=sum(row[3] for row in rows) / known if known else None,
        newest=max((row[4] for row in rows), default=None),
    )


def daily_confidence(
    conn: Connection, *, deployment: str, start: datetime, end: datetime
) -> tuple[tuple[str, int, float], ...]:
    """UTC day, predictions and mean confidence of each day of which any is known, the oldest first."""
    with conn.cursor() as cursor:
        cursor.execute(_BY_DAY, (deployment, start, end))
        return tuple((day, count, float(mean)) for day, count, mean in cursor)


def hourly_confidence(
    conn: Connection, *, deployment: str, end: datetime, hours: int
) -> tuple[float | None, ...]:
    """Mean confidence of each of the last hours, the oldest first; None for an hour without predictions."""
    last = int(end.timestamp()) // _HOUR_S
    start = datetime.fromtimestamp((last - hours + 1) * _HOUR_S, UTC)
    with conn.cursor() as cursor:
        cursor.execute(_BY_HOUR, (deployment, start, end))
        found = {int(epoch) // _HOUR_S: float(mean) for epoch, mean in cursor}
    return tuple(found.get(hour) for hour in range(last - hours + 1, last + 1))


def label_facts(conn: Connection, *, deployment: str, start: datetime, end: datetime) -> LabelFacts:
    """Labels of the predictions of [start, end)."""
    with conn.cursor() as cursor:
        cursor.execute(_LABELS, (deployment, start, end))
        return LabelFacts(*(cursor.fetchone() or (0, 0)))


def alerts_of(conn: Connection, *, start: datetime, end: datetime) -> tuple[PastAlert, ...]:
    """Alerts that fired at some moment of [start, end), the latest first."""
    with conn.cursor() as cursor:
        cursor.execute(_ALERTS, (end, start))
        return tuple(
            PastAlert(FiringAlert(name, severity, since, notes.get("summary", ""), labels), ended)
            for name, severity, since, ended, labels, notes in cursor
        )


def newest_deployment(conn: Connection) -> str:
    """The deployment that predicted last.

    Raises:
        NotFound: nothing was ever predicted.
    """
    with conn.cursor() as cursor:
        cursor.execute(_NEWEST_DEPLOYMENT)
        found = cursor.fetchone()
    if found is None:
        msg = "the database holds no predictions yet: name the monitor, or run `modelmonitor doctor`"
        raise NotFound(msg)
    return str(found[0])


def known_deployments(conn: Connection) -> tuple[str, ...]:
    """Deployments that were checked or summed up, at most 20."""
    with conn.cursor() as cursor:
        cursor.execute(_DEPLOYMENTS)
        return tuple(row[0] for row in cursor)


def read_database(database_url: str, read: Callable[[Connection], Answer], *, timeout_s: float) -> Answer:
    """What `read` makes of a connection.

    Raises:
        SourceDown: as `reading`.
    """
    with reading(database_url, timeout_s=timeout_s) as conn:
        return read(conn)


def _sentence(error: Exception, timeout_s: float) -> str:
    import psycopg2.errors

    if isinstance(error, psycopg2.errors.QueryCanceled):
        return f"PostgreSQL needs more than {timeout_s:g} s: give it longer with --timeout"
    if isinstance(error, psycopg2.errors.UndefinedTable):
        return "the database has no tables of ModelMonitor: run `python -m modelmonitor.store`"
    if isinstance(error, psycopg2.errors.InsufficientPrivilege):
        first = str(error).partition("\n")[0]
        return f"PostgreSQL refuses ({first}): grant the role modelmonitor_reader to this user"
    return f"PostgreSQL ended the connection: {str(error).partition(chr(10))[0]}"
