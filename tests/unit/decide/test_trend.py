from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from modelmonitor.decide.trend import Hour, trend
from modelmonitor.decide.weekly import Difference, compare_weeks

END = datetime(2026, 11, 23, tzinfo=UTC)


def hours(days, *, drop=0.0, level=0.85, noise=0.01, season=0.03, seed=0, persistence=0.0):
    """Hourly means with a daily rhythm that fall by `drop` in all, from the oldest hour to the newest."""
    generator = np.random.default_rng(seed)
    n, error, found = days * 24, 0.0, []
    for hour in range(n):
        error = persistence * error + np.sqrt(1 - persistence**2) * generator.normal() * noise
        value = level - drop * hour / n + season * np.sin(2 * np.pi * hour / 24) + error
        found.append(Hour(END - timedelta(hours=n - hour), 100, 100 * float(value), 10, {"a": 60, "b": 40}))
    return found


def test_a_decline_of_a_week_is_found_with_its_size():
    found = trend(hours(7, drop=0.05), end=END)
    assert found.p_value < 0.01
    assert found.days == 7
    assert found.drop == pytest.approx(0.05 * 6 / 7, abs=0.01)


def test_a_rise_is_no_decline():
    found = trend(hours(7, drop=-0.05), end=END)
    assert found.p_value > 0.9
    assert found.drop < 0


@pytest.mark.parametrize(("days", "persistence"), [(4, 0.0), (7, 0.0), (7, 0.8)])
def test_without_a_decline_one_week_in_twenty_looks_like_one(days, persistence):
    falls = [
        trend(hours(days, seed=seed, persistence=persistence), end=END).p_value <= 0.05 for seed in range(100)
    ]
    assert np.mean(falls) <= 0.1


def test_fewer_than_four_days_tell_nothing():
    assert trend(hours(3, drop=0.2), end=END) is None
    assert trend([], end=END) is None


def test_days_without_traffic_are_left_out():
    kept = [hour for hour in hours(7, drop=0.05) if hour.start.day != 19]
    assert trend(kept, end=END).days == 6


def test_this_week_is_compared_with_the_last_and_only_a_real_difference_is_certain():
    fallen = [
        Hour(hour.start, 100, hour.confidence_sum - 8, 20, hour.classes)
        if hour.start >= END - timedelta(days=7)
        else hour
        for hour in hours(14, season=0.03)
    ]
    rows = {row.name: row for row in compare_weeks(fallen, end=END).rows}
    assert list(rows) == [
        "predictions", "mean confidence", "low-confidence share", "share of a", "share of b",
    ]  # fmt: skip
    assert rows["predictions"] == Difference("predictions", 16800.0, 16800.0)
    assert rows["mean confidence"].certain
    assert rows["mean confidence"].this == pytest.approx(rows["mean confidence"].last - 0.08, abs=0.005)
    assert (rows["low-confidence share"].this, rows["low-confidence share"].last) == (0.2, 0.1)
    assert not rows["share of a"].certain


def test_weeks_alike_differ_in_one_of_twenty_comparisons():
    wrong = [
        compare_weeks(hours(14, seed=seed, persistence=0.8), end=END).rows[1].certain for seed in range(100)
    ]
    assert np.mean(wrong) <= 0.1


def test_a_week_without_predictions_has_no_interval():
    rows = compare_weeks(hours(7), end=END).rows
    assert (rows[0].this, rows[0].last) == (16800.0, 0.0)
    assert (rows[1].last, rows[1].low, rows[1].certain) == (None, None, False)
