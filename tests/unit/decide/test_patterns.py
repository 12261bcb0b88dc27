from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.decide.fingerprint import Fingerprint
from modelmonitor.decide.patterns import Course, Seen, course, same_place

NOW = datetime(2026, 11, 23, tzinfo=UTC)
DAY = timedelta(days=1)
HERE = Fingerprint(space="m 1", embedding="f" * 64)
ELSEWHERE = Fingerprint(space="m 1", embedding="0" * 64)
NOW_SEEN = Seen(HERE, 0.06, NOW - DAY, NOW)


def on_day(day, *, share=0.03, place=HERE):
    return Seen(place, share, NOW - (day + 1) * DAY, NOW - day * DAY)


def test_a_pattern_seen_for_the_first_time_is_not_established():
    found = course(NOW_SEEN, [])
    assert found == Course(NOW - DAY, 1, 1.0)
    assert not found.established


def test_a_second_window_without_a_common_prediction_establishes_it_and_tells_its_growth():
    found = course(NOW_SEEN, [on_day(1)])
    assert found == Course(NOW - 2 * DAY, 2, 2.0)
    assert found.established


def test_windows_that_overlap_are_one():
    hourly = [
        replace(NOW_SEEN, window_start=NOW - DAY - hours, window_end=NOW - hours)
        for hours in (timedelta(hours=number) for number in range(1, 24))
    ]
    found = course(NOW_SEEN, hourly)
    assert (found.windows, found.first_seen) == (1, NOW - DAY - timedelta(hours=23))


def test_another_place_and_a_later_window_do_not_count():
    assert course(NOW_SEEN, [on_day(1, place=ELSEWHERE), on_day(-1)]) == course(NOW_SEEN, [])


def test_every_day_of_a_week_counts_in_any_order():
    week = [on_day(day, share=0.01) for day in (3, 1, 6, 2, 5, 4)]
    assert course(NOW_SEEN, week) == Course(NOW - 7 * DAY, 7, 0.06 / 0.01)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("a", "b", "c", "d", "e"), ("a", "b", "x"), True),
        (("a", "b", "c", "d", "e"), ("a", "x", "y"), False),
        (("a",), ("a", "x", "y", "z"), True),
    ],
)
def test_patterns_are_one_if_two_fifths_of_the_shorter_list_of_words_are_common(one, other, same):
    assert same_place(Fingerprint(words=one), Fingerprint(words=other)) is same
