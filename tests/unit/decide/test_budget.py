from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.decide.budget import LARGEST_LEVEL, NoTests, level_per_test, runs_per_period

HOURS = st.integers(min_value=1, max_value=24 * 60).map(lambda hours: timedelta(hours=hours))
INTERVALS = st.lists(HOURS, min_size=1, max_size=20)
MONTH = timedelta(days=30)


def runs_in(period: timedelta, *, interval: timedelta, offset: timedelta) -> int:
    """Runs at offset, offset + interval, … inside a period that starts at 0."""
    return 0 if offset >= period else 1 + int((period - offset - timedelta(microseconds=1)) // interval)


@given(INTERVALS, HOURS, st.floats(min_value=0.01, max_value=100), st.integers(min_value=0, max_value=10**6))
def test_the_levels_of_all_runs_in_any_period_stay_within_the_budget(intervals, per, budget, offset):
    level = level_per_test(max_false_alarms=budget, per=per, intervals=intervals)
    runs = sum(
        runs_in(per, interval=interval, offset=timedelta(seconds=offset) % interval) for interval in intervals
    )
    assert Fraction(level) * runs <= Fraction(budget) * Fraction(1 + 1e-12)
    assert 0 < level <= LARGEST_LEVEL


@given(INTERVALS, HOURS, HOURS)
def test_one_more_test_never_loosens_the_others(intervals, per, another):
    before = level_per_test(max_false_alarms=1, per=per, intervals=intervals)
    assert level_per_test(max_false_alarms=1, per=per, intervals=[*intervals, another]) <= before


def test_three_daily_checks_share_one_alarm_a_month():
    level = level_per_test(max_false_alarms=1, per=MONTH, intervals=[timedelta(days=1)] * 3)
    assert level == pytest.approx(1 / 90)


def test_a_generous_budget_does_not_loosen_tests_beyond_five_percent():
    assert level_per_test(max_false_alarms=1, per=MONTH, intervals=[timedelta(days=7)]) == 0.05


def test_a_test_that_runs_less_often_than_the_period_counts_once():
    assert runs_per_period([timedelta(days=90), timedelta(days=20)], per=MONTH) == 3


def test_a_monitor_without_checks_is_told_so():
    with pytest.raises(NoTests, match=r"add one under spec\.checks"):
        level_per_test(max_false_alarms=1, per=MONTH, intervals=[])


@pytest.mark.parametrize(("budget", "interval"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_a_budget_or_interval_that_is_not_positive_is_refused(budget, interval):
    with pytest.raises(ValueError, match="0"):
        level_per_test(max_false_alarms=budget, per=MONTH, intervals=[timedelta(days=interval)])
