from __future__ import annotations

import random

import pytest

from benchmarks.serving.offline import sorted_batches
from benchmarks.serving.slope import slope_after_warm_up
from benchmarks.serving.spread import Spread, paired_ratios, percentile


def test_a_spread_is_median_and_range():
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(median=2.0, low=1.0, high=3.0, repeats=3)
    assert Spread.of([0.934, 0.91]).text() == "0.92 [0.91 to 0.93]"


def test_ratios_are_taken_repeat_by_repeat_so_a_slow_moment_of_the_machine_cancels():
    assert paired_ratios([100.0, 10.0, 100.0], [200.0, 20.0, 200.0]) == Spread(0.5, 0.5, 0.5, 3)


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 50), (0.99, 99), (1.0, 100)])
def test_a_percentile_is_a_value_that_was_measured(share, expected):
    assert percentile(list(range(100, 0, -1)), share) == expected


def series(*, slope: float, seed: int, memory: float = 0.0):
    generator, noise = random.Random(seed), 0.0
    x, y = [], []
    for i in range(200):
        noise = memory * noise + generator.gauss(0, 1)
        x.append(i)
        y.append(500 + slope * i + noise + (80 if i > 20 else 4 * i))  # a warm-up of another slope
    return x, y


def test_growth_after_the_warm_up_is_found_and_the_warm_up_itself_is_not_taken_for_it():
    assert not slope_after_warm_up(*series(slope=0.05, seed=1), warm_up=0.3).is_flat
    assert slope_after_warm_up(*series(slope=0.0, seed=1), warm_up=0.3).is_flat
    assert slope_after_warm_up(*series(slope=0.0, seed=1), warm_up=0.0).value > 0.1


def test_the_interval_holds_the_true_slope_about_as_often_as_it_says_even_when_noise_remembers():
    hits = 0
    for seed in range(100):
        slope = slope_after_warm_up(*series(slope=0.1, seed=seed, memory=0.8), warm_up=0.3)
        hits += slope.low <= 0.1 <= slope.high

    assert hits >= 85


def test_too_few_samples_are_refused():
    with pytest.raises(ValueError, match="run longer"):
        slope_after_warm_up([1, 2, 3], [1, 2, 3], warm_up=0.3)


def test_constant_memory_has_no_slope():
    slope = slope_after_warm_up(list(range(20)), [300.0] * 20, warm_up=0.3)

    assert (slope.value, slope.is_flat) == (0.0, True)


def test_bare_batches_go_from_short_to_long_and_keep_to_the_servers_limits():
    assert sorted_batches([10, 2, 3, 2, 90], texts=2, tokens=19) == [[1, 3], [2], [0], [4]]
