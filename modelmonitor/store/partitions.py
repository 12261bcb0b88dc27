"""Day partitions of `prediction_logs`: made ahead, and dropped when retention is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812


def ensure_partitions(conn: Connection, *, now: datetime, ahead_days: int = 7) -> tuple[str, ...]:
    """Make the partitions of today and the days ahead, in UTC; commits.

    Also of days whose rows wait in the default partition: those rows are moved. Safe to run at any time, from
    many processes.

    Returns:
        Names of the partitions made.
    """
    return _names(conn, "SELECT modelmonitor_ensure_partitions(%s, %s)", (now, ahead_days))


def drop_expired(conn: Connection, *, now: datetime, retention_days: int) -> tuple[str, ...]:
    """Drop the partitions whose last row is older than `retention_days`, at least 1, before `now`; commits.

    Rows of that age in the default partition are deleted too.

    Returns:
        Names of the partitions dropped.
    """
    return _names(conn, "SELECT modelmonitor_drop_expired(%s, %s)", (now, retention_days))


def _names(conn: Connection, statement: str, arguments: tuple[datetime, int]) -> tuple[str, ...]:
    with conn, conn.cursor() as cursor:
        cursor.execute(statement, arguments)
        return tuple(name for (name,) in cursor.fetchall())
