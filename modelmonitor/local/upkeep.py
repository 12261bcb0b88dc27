"""What the database needs from time to time: partitions ahead, retention, hourly rollups."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta

from modelmonitor.store.connection import connect
from modelmonitor.store.partitions import drop_expired, ensure_partitions
from modelmonitor.store.rollups import roll_up

INTERVAL = timedelta(hours=1)
_ROLLED_UP = timedelta(days=2)


def keep_up(database_url: str, *, now: datetime, retention: timedelta) -> None:
    """Make partitions ahead, drop those past retention, and refresh the rollups of the last two days.

    Args:
        database_url: with the rights of the owner of the tables.
        now: UTC.
        retention: how long predictions are kept; at least a day.

    Raises:
        StoreError: the database does not answer or refuses.
    """
    with closing(connect(database_url, application_name="modelmonitor-upkeep")) as connection:
        ensure_partitions(connection, now=now)
        drop_expired(connection, now=now, retention_days=max(retention.days, 1))
        roll_up(connection, start=now - _ROLLED_UP, end=now)
