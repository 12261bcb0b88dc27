"""Calibration on labels: the error, and an interval that covers it at every look."""

from __future__ import annotations

import numpy as np
import pytest

from modelmonitor.estimate.labelled import counts_of, labelled_quality
from modelmonitor.estimate.reliability import ReliabilityBin, bins_of, calibration_error


@pytest.fixture
def known(make_sample):
    """Labelled rows whose confidence is `over` above the chance to be right."""

    def build(n, *, over, seed):
        generator = np.random.default_rng(seed)
        confidence = generator.uniform(0.6 + over, 0.99, n)
        right = generator.random(n) < confidence - over
        return make_sample(
            texts=[None] * n, positive=confidence, labels=np.where(right, 1, 0), embeddings=None
        )

    return build


def test_bins_hold_every_row_once_and_the_surest_belong_to_the_last(make_sample):
    sample = make_sample(texts=[None] * 4, positive=[1.0, 0.96, 0.31, 0.5], labels=[1, 0, 0, 1])
    assert [(each.rows, each.right) for each in bins_of(sample)] == [(1, 0), (1, 1), (2, 1)]


@pytest.mark.parametrize("over", [0.0, 0.1, 0.25])
def test_the_interval_covers_the_true_error_at_all_looks_together(known, over):
    missed = 0
    for seed in range(30):
        rows = known(1500, over=over, seed=seed)
        looks = [calibration_error(bins_of(rows.take(range(n)))) for n in range(100, 1501, 200)]
        missed += any(not look.low <= over + 1e-9 or look.high < over for look in looks)
    assert missed <= 3


def test_a_perfectly_calibrated_bin_has_no_error_for_certain():
    found = calibration_error([ReliabilityBin(1000, 900, 0.9)])
    assert (found.value, found.low) == (pytest.approx(0.0), 0.0)
    assert found.high < 0.05


def test_it_is_told_with_the_quality_of_labelled_rows(known):
    found = labelled_quality(counts_of(known(2000, over=0.2, seed=1))).calibration_error
    assert found.low < 0.2 < found.high
    assert found.value == pytest.approx(0.2, abs=0.03)
    assert found.low > 0.1
