"""Hourly sums of the prediction log, for dashboards and for times beyond retention."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812


_HOURS: Final = """
SELECT hour, sum(predictions)::bigint, sum(confidence_sum), sum(low_confidence)::bigint,
       jsonb_object_agg(predicted_sentiment, predictions), sum(with_confidence)::bigint
FROM (
    SELECT hour, predicted_sentiment, sum(predictions)::bigint AS predictions,
           sum(confidence_sum) AS confidence_sum, sum(low_confidence)::bigint AS low_confidence,
           sum(with_confidence)::bigint AS with_confidence
    FROM prediction_rollups
    WHERE deployment_id = %s AND hour >= %s AND hour < %s
    GROUP BY hour, predicted_sentiment
) AS by_class
GROUP BY hour ORDER BY hour
"""
_NEWEST_HOUR: Final = "SELECT max(hour) FROM prediction_rollups WHERE deployment_id = %s AND hour < %s"


@dataclass(frozen=True, slots=True)
class HourRow:
    """Sums of one hour over all model versions.

    The confidence is known of `with_confidence` of the predictions; sums and low ones are of those.
    """

    hour: datetime
    predictions: int
    confidence_sum: float
    low_confidence: int
    classes: Mapping[str, int]
    with_confidence: int


def roll_up(conn: Connection, *, start: datetime, end: datetime) -> int:
    """Count the hours that [start, end) touches into `prediction_rollups`; the rows written. Commits."""
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT modelmonitor_roll_up(%s, %s)", (start, end))
        (written,) = cursor.fetchone() or (0,)
    return int(written)


def roll_up_missing(conn: Connection, *, deployment_id: str, end: datetime, at_most: timedelta) -> int:
    """Count the hours that no roll-up has seen yet, and the newest again; the rows written. Commits.

    Args:
        conn: any connection.
        deployment_id: whose newest hour tells what is missing.
        end: the present.
        at_most: how far back.
    """
    with conn, conn.cursor() as cursor:
        cursor.execute(_NEWEST_HOUR, (deployment_id, end))
        (newest,) = cursor.fetchone() or (None,)
    earliest = end - at_most
    return roll_up(conn, start=max(newest, earliest) if newest else earliest, end=end)


def list_hours(
    conn: Connection, *, deployment_id: str, start: datetime, end: datetime
) -> tuple[HourRow, ...]:
    """The hours of [start, end) that had predictions, the oldest first."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_HOURS, (deployment_id, start, end))
        return tuple(HourRow(row[0].astimezone(UTC), *row[1:]) for row in cursor)
