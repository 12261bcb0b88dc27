"""What alerts ask the database: predictions of the last hour, results of the checks, labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from modelmonitor.api.durations import parse_duration
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.store.results import DriftRow, list_results
from modelmonitor.store.retrain import load_triggers

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2's class has a lower-case name
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

_HOUR: Final = timedelta(hours=1)
_WEEK: Final = timedelta(days=7)
_DAY: Final = timedelta(days=1)
_HALF_HOUR: Final = timedelta(minutes=30)
_RESULTS: Final = timedelta(days=30)
_MOST_ROWS: Final = 2_000
_PREDICTIONS: Final = """
SELECT predicted_sentiment, count(*), count(confidence_score), sum(confidence_score),
       count(*) FILTER (WHERE confidence_score < %(low)s)
FROM prediction_logs
WHERE deployment_id = %(deployment)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
GROUP BY predicted_sentiment
"""
_USUAL: Final = """
SELECT predicted_sentiment, sum(predictions)::bigint FROM prediction_rollups
WHERE deployment_id = %s AND hour >= %s AND hour < %s GROUP BY predicted_sentiment
"""
_COUNT: Final = """
SELECT count(*) FROM prediction_logs WHERE deployment_id = %s AND predicted_at >= %s AND predicted_at < %s
"""
_LABELS: Final = """
SELECT count(*), count(*) FILTER (WHERE feedback.label = logged.predicted_sentiment)
FROM prediction_logs AS logged JOIN feedback USING (prediction_id)
WHERE logged.deployment_id = %s AND logged.predicted_at >= %s AND logged.predicted_at < %s
"""


@dataclass(frozen=True, slots=True)
class Logged:
    """Facts of the database; shares 0 to 1, None where there is nothing to divide.

    Attributes:
        confidence: mean of the last hour.
        low_confidence_share: of the last hour.
        shares: share of each class in the last hour.
        usual_shares: the same over the seven days before.
        now: predictions of the last half hour.
        yesterday: predictions of the same half hour a day ago.
        results: the newest row of each check, its worst test first.
        persistent: whether drift repeats, so that a training is recommended.
        labels: for each performance check, labelled predictions of its lookback and how many were right.
    """

    confidence: float | None = None
    low_confidence_share: float | None = None
    shares: Mapping[str, float] = field(default_factory=dict)
    usual_shares: Mapping[str, float] = field(default_factory=dict)
    now: int = 0
    yesterday: int = 0
    results: Mapping[str, DriftRow] = field(default_factory=dict)
    persistent: bool = False
    labels: Mapping[str, tuple[int, int]] = field(default_factory=dict)


def read_logged(conn: Connection, monitor: ModelMonitor, *, now: datetime) -> Logged:
    """Everything that alerts ask the database; raises psycopg2's errors."""
    deployment = monitor.model_name
    results = list_results(conn, deployment_id=deployment, since=now - _RESULTS, limit=_MOST_ROWS)
    low = float(monitor.spec.thresholds.low_confidence_below)
    with conn, conn.cursor() as cursor:
        known = {"deployment": deployment, "low": low, "start": now - _HOUR, "end": now}
        cursor.execute(_PREDICTIONS, known)
        rows = cursor.fetchall()
        sure = sum(row[2] for row in rows)
        return Logged(
            confidence=sum(row[3] or 0.0 for row in rows) / sure if sure else None,
            low_confidence_share=sum(row[4] for row in rows) / sure if sure else None,
            shares=_shares({row[0]: row[1] for row in rows}),
            usual_shares=_usual(cursor, deployment, now=now),
            now=_count(cursor, deployment, end=now),
            yesterday=_count(cursor, deployment, end=now - _DAY),
            results=_newest(results, monitor.metadata.name),
            persistent=_persistent(cursor, monitor, now=now),
            labels=_labels(cursor, monitor, now=now),
        )


def _shares(counts: Mapping[str, int]) -> dict[str, float]:
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()} if total else {}


def _usual(cursor: Cursor, deployment: str, *, now: datetime) -> dict[str, float]:
    cursor.execute(_USUAL, (deployment, now - _WEEK - _HOUR, now - _HOUR))
    return _shares(dict(cursor.fetchall()))


def _count(cursor: Cursor, deployment: str, *, end: datetime) -> int:
    cursor.execute(_COUNT, (deployment, end - _HALF_HOUR, end))
    (found,) = cursor.fetchone() or (0,)
    return int(found)


def _newest(rows: tuple[DriftRow, ...], monitor: str) -> dict[str, DriftRow]:
    order = ("critical", "warning", "none")
    newest: dict[str, DriftRow] = {}
    for row in rows:
        if row.monitor != monitor:
            continue
        known = newest.setdefault(row.check_name, row)
        if row.run_id == known.run_id and order.index(row.severity) < order.index(known.severity):
            newest[row.check_name] = row
    return newest


def _persistent(cursor: Cursor, monitor: ModelMonitor, *, now: datetime) -> bool:
    found = load_triggers(
        cursor,
        namespace=monitor.namespace,
        monitor=monitor.metadata.name,
        deployment_id=monitor.model_name,
        start=now - _RESULTS,
        end=now + _HOUR,
    )
    latest = {row.check_name: row.established for row in found if row.trigger == "repeated-drift"}
    return any(latest.values())


def _labels(cursor: Cursor, monitor: ModelMonitor, *, now: datetime) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    if monitor.spec.alerts.min_accuracy is None:
        return found
    for check in monitor.spec.checks:
        if check.type == "performance":
            start = now - parse_duration(check.window.lookback)
            cursor.execute(_LABELS, (monitor.model_name, start, now))
            labelled, right = cursor.fetchone() or (0, 0)
            found[check.name] = (int(labelled), int(right))
    return found
