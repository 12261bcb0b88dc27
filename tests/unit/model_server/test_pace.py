"""Retry-After is the time that the queue takes at its present pace."""

from __future__ import annotations

from model_server.pace import Pace


def test_before_anything_was_measured_a_second_is_said() -> None:
    assert Pace().seconds_for(10_000) == 1


def test_the_queue_is_divided_by_the_pace_within_a_second_and_a_minute() -> None:
    pace = Pace()
    pace.add(500, seconds=0.5)

    assert [pace.seconds_for(tokens) for tokens in (10, 1000, 4500, 10**9)] == [1, 1, 5, 60]


def test_newer_batches_count_more_and_more() -> None:
    pace = Pace()
    pace.add(1000, seconds=1)
    for _ in range(40):
        pace.add(100, seconds=1)

    assert 9 <= pace.seconds_for(1000) <= 10
