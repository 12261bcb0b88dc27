"""Hourly sums of the prediction log, for dashboards and for times beyond retention."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812


def roll_up(conn: Connection, *, start: datetime, end: datetime) -> int:
    """Count the hours that [start, end) touches into `prediction_rollups`; the rows written. Commits."""
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT modelmonitor_roll_up(%s, %s)", (start, end))
        (written,) = cursor.fetchone() or (0,)
    return int(written)
