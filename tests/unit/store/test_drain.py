"""Ten minutes without a database in no time: the drain with a clock, a chance and a table of our own."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modelmonitor.store.backoff import retry_delays
from modelmonitor.store.dead_letters import DeadLetters
from modelmonitor.store.drain import Drain
from modelmonitor.store.errors import DatabaseUnreachable
from modelmonitor.store.observer import SilentObserver
from modelmonitor.store.segment import encode_records
from modelmonitor.store.settings import LogSettings
from modelmonitor.store.spool import Spool

COLUMNS = ("row",)
START = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
TEN_MINUTES_S = 600.0


class World:
    """Time that passes only in the drain's pauses; the database comes back after a while."""

    def __init__(self, *, outage_s: float) -> None:
        self.elapsed_s = 0.0
        self.outage_s = outage_s
        self.attempts: list[float] = []
        self.partitions: list[datetime] = []
        self.stored: list[bytes] = []

    def now(self) -> datetime:
        return START + timedelta(seconds=self.elapsed_s)

    def store(self, columns: tuple[str, ...], rows: Sequence[bytes]) -> int:
        self._reach()
        self.stored += rows
        return len(rows)

    def reach(self) -> None:
        self._reach()

    def ensure_partitions(self, now: datetime) -> tuple[str, ...]:
        self._reach()
        self.partitions.append(now)
        return ()

    def close(self) -> None:
        pass

    def _reach(self) -> None:
        self.attempts.append(self.elapsed_s)
        if self.elapsed_s < self.outage_s:
            raise DatabaseUnreachable("no connection")


class Log(SilentObserver):
    """Remembers what was told."""

    def __init__(self) -> None:
        self.written_rows = 0
        self.up: list[bool] = []
        self.was_up = threading.Event()

    def written(self, rows: int) -> None:
        self.written_rows += rows

    def database_up(self, *, up: bool) -> None:
        self.up.append(up)
        if up:
            self.was_up.set()


class Outage:
    """A drain over a real spool, stepped by hand instead of by its thread."""

    def __init__(self, directory: Path, *, outage_s: float, chance: float = 1.0) -> None:
        self.world, self.log = World(outage_s=outage_s), Log()
        self.settings = LogSettings(directory, "unused", linger_s=0)
        self.spool = Spool(
            directory,
            columns=COLUMNS,
            segment_bytes=1000,
            max_bytes=10**6,
            clock=lambda: self.world.elapsed_s,
        )
        self.spool.open()
        self.drain = Drain(
            self.spool,
            self.world,
            dead_letters=DeadLetters(directory, max_bytes=10**6, now=self.world.now),
            settings=self.settings,
            observer=self.log,
            delays=lambda: self._passing(chance),
            now=self.world.now,
        )

    def _passing(self, chance: float) -> Iterator[float]:
        for delay in retry_delays(
            self.settings.retry_initial_s, self.settings.retry_max_s, random=lambda: chance
        ):
            self.world.elapsed_s += delay
            yield 0.0

    def run(self) -> None:
        self.drain.start()
        assert self.spool.wait_until_drained(timeout_s=30)
        self.drain.stop(timeout_s=30)


def rows(count: int) -> list[bytes]:
    return [f"row {number:04d}".encode() for number in range(count)]


def test_after_ten_minutes_everything_is_stored_once_and_in_order(tmp_path: Path) -> None:
    outage = Outage(tmp_path, outage_s=TEN_MINUTES_S)
    for row in rows(500):
        outage.spool.append(encode_records([row]))
    outage.run()

    assert outage.world.stored == rows(500)
    assert outage.log.written_rows == 500
    assert outage.spool.pending_bytes == 0


@pytest.mark.parametrize("chance", [1.0, 0.5, 0.1])
def test_no_pause_is_longer_than_the_limit_and_the_database_is_not_beset(
    tmp_path: Path, chance: float
) -> None:
    outage = Outage(tmp_path, outage_s=TEN_MINUTES_S, chance=chance)
    outage.spool.append(encode_records(rows(3)))
    outage.run()

    failed = [moment for moment in outage.world.attempts if moment < TEN_MINUTES_S]
    pauses = [
        later - earlier for earlier, later in itertools.pairwise(outage.world.attempts) if later > earlier
    ]
    assert max(pauses) <= outage.settings.retry_max_s + 1e-6
    # The eighth pause is already the longest, so attempts grow with the length of the outage and no faster.
    assert len(failed) <= 8 / chance + TEN_MINUTES_S / (outage.settings.retry_max_s * chance) + 8
    assert outage.world.stored == rows(3)


def test_the_return_is_noticed_within_the_longest_pause(tmp_path: Path) -> None:
    outage = Outage(tmp_path, outage_s=TEN_MINUTES_S)
    outage.spool.append(encode_records(rows(1)))
    outage.run()

    first = next(moment for moment in outage.world.attempts if moment >= TEN_MINUTES_S)
    assert first - TEN_MINUTES_S <= outage.settings.retry_max_s


def test_health_is_told_down_all_the_time_and_up_at_the_end(tmp_path: Path) -> None:
    outage = Outage(tmp_path, outage_s=TEN_MINUTES_S)
    outage.spool.append(encode_records(rows(1)))
    outage.run()

    assert (set(outage.log.up[:-1]), outage.log.up[-1]) == ({False}, True)


@pytest.mark.parametrize("outage_s", [0.0, 1.0])
def test_the_health_of_a_log_without_rows_is_told_too(tmp_path: Path, outage_s: float) -> None:
    outage = Outage(tmp_path, outage_s=outage_s)
    outage.drain.start()
    assert outage.log.was_up.wait(30)
    outage.drain.stop(timeout_s=30)

    assert outage.log.up == [*[False] * (len(outage.log.up) - 1), True]
    assert (len(outage.log.up) > 1) == (outage_s > 0)
    assert outage.world.stored == []


def test_day_partitions_are_asked_for_again_after_an_outage_over_midnight(tmp_path: Path) -> None:
    outage = Outage(tmp_path, outage_s=0)
    outage.spool.append(encode_records(rows(1)))
    outage.drain.start()
    assert outage.spool.wait_until_drained(timeout_s=30)
    outage.world.outage_s = outage.world.elapsed_s + 86_400
    outage.spool.append(encode_records(rows(1)))
    assert outage.spool.wait_until_drained(timeout_s=60)
    outage.drain.stop(timeout_s=30)

    assert [moment.date().isoformat() for moment in outage.world.partitions] == ["2026-03-04", "2026-03-05"]


def test_a_clock_that_goes_back_loses_nothing(tmp_path: Path) -> None:
    outage = Outage(tmp_path, outage_s=0)
    outage.drain.start()
    for moment in (0.0, 100_000.0, -100_000.0, 5.0):
        outage.world.elapsed_s = moment
        outage.world.outage_s = -200_000.0
        outage.spool.append(encode_records(rows(2)))
        assert outage.spool.wait_until_drained(timeout_s=30)
    outage.drain.stop(timeout_s=30)

    assert outage.world.stored == rows(2) * 4
