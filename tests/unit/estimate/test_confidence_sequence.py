from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.estimate.confidence_sequence import Figure, proportion

COUNTS = st.integers(min_value=1, max_value=100_000).flatmap(
    lambda n: st.tuples(st.integers(min_value=0, max_value=n), st.just(n))
)


@given(COUNTS)
def test_the_share_lies_in_its_interval_and_the_interval_in_0_to_1(counts):
    found = proportion(*counts)
    assert 0.0 <= found.low <= found.value <= found.high <= 1.0
    assert found.low < found.high


@given(COUNTS)
def test_right_and_wrong_mirror_each_other(counts):
    successes, n = counts
    right, wrong = proportion(successes, n), proportion(n - successes, n)
    assert (right.low, right.high) == pytest.approx((1 - wrong.high, 1 - wrong.low), abs=1e-9)


@given(COUNTS)
def test_more_confidence_is_a_wider_interval(counts):
    narrow, wide = proportion(*counts, confidence=0.9), proportion(*counts, confidence=0.99)
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high


def test_without_trials_nothing_is_known():
    assert proportion(0, 0) == Figure(0.0, 0.0, 1.0)


def test_the_truth_stays_inside_over_a_thousand_looks():
    generator = np.random.default_rng(0)
    missed = 0
    for _ in range(100):
        right = np.cumsum(generator.random(1000) < 0.85)
        ends = [proportion(int(right[n - 1]), n, confidence=0.9) for n in range(10, 1001, 25)]
        missed += any(not end.low <= 0.85 <= end.high for end in ends)
    assert missed <= 15


def test_the_ends_are_where_the_bets_against_them_win():
    found = proportion(85, 100, confidence=0.95)
    assert (found.low, found.high) == pytest.approx((0.7083, 0.9421), abs=1e-4)
