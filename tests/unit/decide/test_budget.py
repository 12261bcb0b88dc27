from __future__ import annotations

import itertools
from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.decide.budget import (
    LARGEST_LEVEL,
    RESERVE,
    Load,
    NoTests,
    level_of_extra_look,
    levels,
    runs_in,
    segment_levels,
)
from modelmonitor.decide.scales import MOST_SCALES, scales

HOURS = st.integers(min_value=1, max_value=24 * 60).map(lambda hours: timedelta(hours=hours))
LOADS = st.dictionaries(
    st.text(min_size=1, max_size=3),
    st.builds(Load, HOURS, st.integers(min_value=1, max_value=12)),
    min_size=1,
    max_size=6,
)
BUDGETS = st.floats(min_value=0.01, max_value=100)
MONTH = timedelta(days=30)
ROUNDING = Fraction(1 + 1e-9)


def spent_in(period: timedelta, *, offset: timedelta, loads, level) -> Fraction:
    """Expected false alarms of runs at offset, offset + interval, … inside a period that starts at 0."""
    total = Fraction(0)
    for name, load in loads.items():
        first = offset % load.interval
        runs = (
            0 if first >= period else 1 + int((period - first - timedelta(microseconds=1)) // load.interval)
        )
        total += runs * load.tests * Fraction(level[name])
    return total


@given(LOADS, HOURS, BUDGETS, st.integers(min_value=0, max_value=10**6))
def test_the_levels_of_all_runs_in_any_period_stay_within_the_budget(loads, per, budget, offset):
    level = levels(max_false_alarms=budget, per=per, loads=loads)
    spent = spent_in(per, offset=timedelta(seconds=offset), loads=loads, level=level)
    assert spent <= Fraction(budget) * Fraction(1 - RESERVE) * ROUNDING
    assert all(0 < each <= LARGEST_LEVEL for each in level.values())


@given(st.integers(min_value=0, max_value=300), st.integers(min_value=1, max_value=20), BUDGETS)
def test_any_number_of_extra_looks_stays_within_the_reserve(looks, tests, budget):
    spent = sum(
        tests * level_of_extra_look(number, max_false_alarms=budget, tests=tests)
        for number in range(1, looks + 1)
    )
    assert spent <= RESERVE * budget * (1 + 1e-9)


@given(LOADS, HOURS, st.builds(Load, HOURS, st.integers(min_value=1, max_value=12)))
def test_one_more_check_never_loosens_the_others(loads, per, another):
    before = levels(max_false_alarms=1, per=per, loads=loads)
    after = levels(max_false_alarms=1, per=per, loads={**loads, "another": another})
    assert all(after[name] <= before[name] for name in loads)


def test_an_hourly_check_does_not_starve_a_nightly_one():
    level = levels(
        max_false_alarms=1,
        per=MONTH,
        loads={"hourly": Load(timedelta(hours=1), 1), "nightly": Load(timedelta(days=1), 1)},
    )
    assert level == {"hourly": pytest.approx(0.45 / 720), "nightly": pytest.approx(0.45 / 30)}


@given(
    st.floats(min_value=1e-6, max_value=0.05),
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=0, max_value=100),
)
def test_the_parts_and_segments_of_a_window_spend_what_its_parts_would_without(level, parts, segments):
    whole, each = segment_levels(level, parts=parts, segments=segments)
    assert parts * whole + segments * each == pytest.approx(level * parts)


def test_a_generous_budget_does_not_loosen_tests_beyond_five_percent():
    loads = {"weekly": Load(timedelta(days=7), 1)}
    assert levels(max_false_alarms=9, per=MONTH, loads=loads) == {"weekly": 0.05}


def test_a_test_that_runs_less_often_than_the_period_counts_once():
    assert [runs_in(MONTH, interval=timedelta(days=days)) for days in (90, 20)] == [1, 2]


@pytest.mark.parametrize("loads", [{}, {"a": Load(MONTH, 0)}])
def test_a_monitor_without_tests_is_told_so(loads):
    with pytest.raises(NoTests, match=r"add one under spec\.checks"):
        levels(max_false_alarms=1, per=MONTH, loads=loads)


@pytest.mark.parametrize(("budget", "interval"), [(0, 1), (-1, 1), (1, 0), (1, -1)])
def test_a_budget_or_interval_that_is_not_positive_is_refused(budget, interval):
    with pytest.raises(ValueError, match="0"):
        levels(max_false_alarms=budget, per=MONTH, loads={"a": Load(timedelta(days=interval), 1)})


@given(HOURS, HOURS)
def test_parts_halve_from_the_whole_and_are_never_shorter_than_the_time_between_runs(lookback, interval):
    parts = scales(lookback, interval=interval)
    assert parts[0] == lookback
    assert len(parts) <= MOST_SCALES
    assert all(part >= interval for part in parts[1:])
    assert all(longer == 2 * shorter for longer, shorter in itertools.pairwise(parts))


def test_nightly_runs_on_a_day_have_one_part_and_hourly_ones_four():
    day = timedelta(days=1)
    assert scales(day, interval=day) == (day,)
    assert scales(day, interval=timedelta(hours=1)) == (day, day / 2, day / 4, day / 8)
