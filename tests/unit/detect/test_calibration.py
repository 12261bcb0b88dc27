"""False alarms without drift at the nominal level, by repeated synthetic draws with fixed seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, kstest

from modelmonitor.detect.permutation import critical_value, permutations_for, rank_p_value
from modelmonitor.detect.registry import detector

LEVEL = 0.1
RUNS = 150


@pytest.mark.parametrize(
    "name", ["ks", "cramer-von-mises", "chi-square", "mmd", "mmd-fourier", "lsdd", "tfidf-similarity"]
)
def test_false_alarms_stay_within_the_binomial_interval_of_the_level(make_sample, name):
    run = detector(name, backend="native")
    alarms = sum(
        run(make_sample(120, seed=2 * i), make_sample(80, seed=2 * i + 1), level=LEVEL, seed=i).p_value
        <= LEVEL
        for i in range(RUNS)
    )
    low, high = binom.interval(0.999, RUNS, LEVEL)
    # The tests of counts are conservative: their statistics are discrete.
    assert (0 if name == "chi-square" else low) <= alarms <= high


def test_permutation_p_values_are_uniform_without_drift(make_sample):
    run = detector("mmd", backend="native")
    p_values = [
        run(
            make_sample(60, seed=1000 + 2 * i), make_sample(40, seed=1001 + 2 * i), level=LEVEL, seed=i
        ).p_value
        for i in range(RUNS)
    ]
    assert kstest(p_values, "uniform").pvalue > 0.001


@pytest.mark.parametrize(
    ("level", "expected"), [(0.5, 199), (0.05, 199), (0.01, 999), (0.0005, 19_999), (1e-6, 20_000)]
)
def test_permutations_follow_from_the_level(level, expected):
    assert permutations_for(level, per_level=10, at_most=20_000) == expected


def test_a_statistic_above_the_critical_value_is_significant_and_one_at_it_is_not():
    permuted = np.random.default_rng(0).normal(size=999)
    critical = critical_value(permuted, 0.01)
    assert rank_p_value(critical * 1.001, permuted) <= 0.01 < rank_p_value(critical, permuted)


def test_too_few_permutations_have_no_critical_value():
    assert critical_value(np.zeros(99), 0.001) is None


def test_the_smallest_p_value_is_one_over_all_assignments_looked_at():
    assert rank_p_value(2.0, np.zeros(199)) == 1 / 200
