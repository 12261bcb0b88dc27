"""The weekly comparison of a deployment, read from the hourly sums."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from modelmonitor.decide.trend import Hour
from modelmonitor.decide.weekly import WEEK, WeekComparison, compare_weeks
from modelmonitor.store.rollups import list_hours, roll_up_missing

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812


def weekly_comparison(conn: Connection, *, deployment_id: str, end: datetime) -> WeekComparison:
    """This week against the last, as the guide's weekly review asks.

    Args:
        conn: of a role that may write `prediction_rollups`, which is brought up to date first.
        deployment_id: whose predictions.
        end: end of this week, with time zone.
    """
    roll_up_missing(conn, deployment_id=deployment_id, end=end, at_most=2 * WEEK)
    hours = list_hours(conn, deployment_id=deployment_id, start=end - 2 * WEEK, end=end)
    return compare_weeks(
        [
            Hour(
                row.hour,
                row.predictions,
                row.confidence_sum,
                row.low_confidence,
                row.classes,
                with_confidence=row.with_confidence,
            )
            for row in hours
        ],
        end=end,
    )
