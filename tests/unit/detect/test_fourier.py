"""Sums of random Fourier features: whatever the chunks and their order, the same test of the same rows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmonitor.detect import kernel
from modelmonitor.detect.fourier import DifferentFeatures, FourierMap, RffSums, fit_map, unbiased_mmd_squared
from modelmonitor.detect.missing import NothingToCompare
from modelmonitor.detect.mmd_fourier import compare, null_distribution, sums_of
from modelmonitor.detect.registry import detector

ROWS = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32)
MAP = fit_map(ROWS, components=0, frequencies=8, seed=1)


def sums(rows: np.ndarray) -> RffSums:
    return sums_of([rows], MAP)


def same(left: RffSums, right: RffSums) -> bool:
    return (
        left.n == right.n
        and np.allclose(left.total, right.total, atol=1e-4)
        and np.allclose(left.products, right.products, atol=1e-4)
    )


parts = st.lists(st.integers(0, 60), min_size=0, max_size=6).map(lambda cuts: [0, *sorted(cuts), 60])


@given(cuts=parts, order=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_sums_do_not_depend_on_chunks_or_their_order(cuts, order):
    chunks = [ROWS[a:b] for a, b in itertools.pairwise(cuts)]
    order.shuffle(chunks)
    merged = RffSums.empty(MAP.size)
    for chunk in chunks:
        merged = merged.merge(sums(chunk))
    assert same(merged, sums(ROWS))


@given(first=st.integers(0, 30), second=st.integers(30, 60))
@settings(max_examples=30, deadline=None)
def test_merging_is_associative_and_commutative_and_empty_changes_nothing(first, second):
    a, b, c = sums(ROWS[:first]), sums(ROWS[first:second]), sums(ROWS[second:])
    assert same(a.merge(b).merge(c), a.merge(b.merge(c)))
    assert same(a.merge(b), b.merge(a))
    assert same(a.merge(RffSums.empty(MAP.size)), a)


def test_accumulating_chunks_is_merging_their_sums():
    features = MAP.features(ROWS)
    assert same(RffSums.empty(MAP.size).accumulate(features[:20]).accumulate(features[20:]), sums(ROWS))


def test_sums_of_other_features_are_refused():
    with pytest.raises(DifferentFeatures, match="sums of 16 and 4 features do not belong together"):
        sums(ROWS).merge(RffSums.empty(4))


def test_features_have_the_gaussian_kernel_as_their_product():
    many = fit_map(ROWS, components=0, frequencies=2048, seed=1)
    features = many.features(ROWS)
    exact = kernel.gaussian_gram(ROWS, sigma=kernel.median_bandwidth(ROWS, seed=1))
    np.fill_diagonal(exact, 1.0)
    assert np.abs(features @ features.T - exact).max() < 0.09


def test_the_statistic_is_that_of_the_exact_test_with_many_frequencies(make_sample):
    reference, window = make_sample(300, seed=1), make_sample(250, seed=2, shift=1.5)
    exact = detector("mmd", backend="native")(reference, window, level=0.05, seed=0)
    fast = detector("mmd-fourier", backend="native", params={"frequencies": 512})(
        reference, window, level=0.05, seed=0
    )
    assert fast.statistic == pytest.approx(exact.statistic, rel=0.2)
    assert fast.effect_size == pytest.approx(exact.effect_size, rel=0.15)
    assert fast.significant_effect == pytest.approx(exact.significant_effect, rel=0.25)


def test_the_null_distribution_has_the_moments_of_the_sums():
    left, right = sums(ROWS[:40]), sums(ROWS[40:])
    drawn = null_distribution(left, right, draws=40_000, seed=0)
    pooled = (39 * left.covariance + 19 * right.covariance) / 58
    scale = 1 / 40 + 1 / 20
    assert drawn.mean() == pytest.approx(0.0, abs=0.02 * scale)
    assert drawn.std() == pytest.approx(scale * np.sqrt(2.0 * np.sum(pooled**2)), rel=0.03)


def test_the_unbiased_statistic_is_that_of_the_rows_features():
    features = MAP.features(ROWS).astype(np.float64)
    gram = features @ features.T
    np.fill_diagonal(gram, 0.0)
    expected = gram[:40, :40].sum() / (40 * 39) + gram[40:, 40:].sum() / (20 * 19) - 2 * gram[:40, 40:].mean()
    assert unbiased_mmd_squared(sums(ROWS[:40]), sums(ROWS[40:])) == pytest.approx(expected, abs=1e-6)


def test_one_row_cannot_be_compared():
    with pytest.raises(NothingToCompare, match="two rows on each side, there are 60 and 1"):
        compare(sums(ROWS), sums(ROWS[:1]), level=0.05, seed=0)


def test_a_map_of_raw_space_leaves_the_rows_as_they_are():
    assert isinstance(MAP, FourierMap)
    assert MAP.size == 16
