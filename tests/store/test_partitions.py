"""Day partitions: ahead of time, around rows that came first, and gone when retention is over."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta

import psycopg2
import pytest

from modelmonitor.store.connection import connect
from modelmonitor.store.partitions import drop_expired, ensure_partitions
from modelmonitor.store.records import Prediction

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
Store = Callable[..., None]


@pytest.fixture
def store(store_rows: Callable[..., None], make_prediction: Callable[..., Prediction]) -> Store:
    def store(*moments: datetime) -> None:
        store_rows(*[make_prediction(predicted_at=moment) for moment in moments])

    return store


def places(conn) -> dict[str, int]:
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text, count(*) FROM prediction_logs GROUP BY 1")
        return dict(cursor.fetchall())


def test_partitions_are_made_for_today_and_the_days_ahead_once(conn) -> None:
    made = ensure_partitions(conn, now=NOON, ahead_days=2)
    assert made == ("prediction_logs_20260304", "prediction_logs_20260305", "prediction_logs_20260306")
    assert ensure_partitions(conn, now=NOON, ahead_days=2) == ()


def test_days_are_those_of_utc_whatever_the_time_zone_of_the_session(conn, store: Store) -> None:
    with conn, conn.cursor() as cursor:
        cursor.execute("SET TIME ZONE 'Pacific/Auckland'")
    ensure_partitions(conn, now=datetime(2026, 3, 4, 23, 59, tzinfo=UTC), ahead_days=0)
    store(datetime(2026, 3, 4, 0, 0, tzinfo=UTC), datetime(2026, 3, 4, 23, 59, 59, 999_999, tzinfo=UTC))
    assert places(conn) == {"prediction_logs_20260304": 2}


def test_rows_that_came_before_their_partition_are_moved_into_it(conn, store: Store) -> None:
    yesterday, wild_clock, future = NOON.replace(day=3), NOON.replace(year=1999), NOON.replace(year=2030)
    store(NOON, NOON, yesterday, wild_clock, future)
    assert ensure_partitions(conn, now=NOON, ahead_days=1) == (
        "prediction_logs_20260303",
        "prediction_logs_20260304",
        "prediction_logs_20260305",
    )
    assert places(conn) == {
        "prediction_logs_20260303": 1,
        "prediction_logs_20260304": 2,
        "prediction_logs_default": 2,
    }


def test_partitions_may_be_made_by_many_while_others_write(conn, database_url: str, store: Store) -> None:
    def make() -> None:
        with closing(connect(database_url, application_name="tests")) as mine:
            ensure_partitions(mine, now=NOON, ahead_days=2)

    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(store, NOON, NOON.replace(day=5), NOON.replace(day=6)) for _ in range(24)]
        for task in [*writes, *[pool.submit(make) for _ in range(6)]]:
            task.result()
    assert places(conn) == {
        "prediction_logs_20260304": 24,
        "prediction_logs_20260305": 24,
        "prediction_logs_20260306": 24,
    }


def test_retention_drops_a_day_once_its_last_moment_has_expired(conn, store: Store) -> None:
    ensure_partitions(conn, now=NOON, ahead_days=2)
    store(NOON, NOON.replace(day=5), NOON.replace(day=6))
    expiry_of_the_first = datetime(2026, 3, 15, tzinfo=UTC)
    assert drop_expired(conn, now=expiry_of_the_first - timedelta(microseconds=1), retention_days=10) == ()
    assert drop_expired(conn, now=expiry_of_the_first, retention_days=10) == ("prediction_logs_20260304",)
    assert places(conn) == {"prediction_logs_20260305": 1, "prediction_logs_20260306": 1}


def test_retention_also_ends_for_rows_without_a_partition(conn, store: Store) -> None:
    store(NOON.replace(year=1999), NOON.replace(year=2030))
    assert drop_expired(conn, now=NOON, retention_days=90) == ()
    assert places(conn) == {"prediction_logs_default": 1}


def test_a_retention_that_would_drop_today_is_refused(conn) -> None:
    with pytest.raises(psycopg2.DataError, match="retention must be at least 1 day, got 0"):
        drop_expired(conn, now=NOON, retention_days=0)
