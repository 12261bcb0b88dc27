"""The drifted part of a window: how much at least, which rows, and whether it hurts."""

from __future__ import annotations

import numpy as np
import pytest

from modelmonitor.estimate.drifted_part import compare, drifted_part
from modelmonitor.estimate.novelty import novelty


@pytest.fixture
def mixture(make_sample):
    """A window whose last `share` lies elsewhere; there the model is right with probability `right`."""

    def build(n, *, share, seed, right=0.6, labelled=True):
        generator = np.random.default_rng(seed)
        strange = np.arange(n) >= round((1 - share) * n)
        positive = np.where(generator.random(n) < 0.5, 0.85, 0.15)
        hit = generator.random(n) < np.where(strange, right, 0.85)
        labels = np.where(hit, positive > 0.5, positive < 0.5).astype(int)
        return make_sample(
            texts=[None] * n,
            positive=positive,
            labels=labels if labelled else [-1] * n,
            embeddings=generator.normal(size=(n, 12)) + 1.2 * strange[:, None],
        )

    return build


def part_of(reference, window, seed=0):
    return drifted_part(novelty(reference, window, seed=seed))


@pytest.mark.parametrize("share", [0.0, 0.03, 0.2, 1.0])
def test_at_least_the_bound_drifted_and_the_bound_is_not_empty(mixture, share):
    bounds = [
        part_of(mixture(800, share=0, seed=2 * i), mixture(600, share=share, seed=2 * i + 1)).low
        for i in range(8)
    ]
    assert sum(bound > share for bound in bounds) <= 1
    assert np.median(bounds) >= 0.6 * share - 0.02


def test_the_rows_called_drifted_are_mostly_those_that_did(mixture):
    window = mixture(600, share=0.3, seed=2)
    found = part_of(mixture(800, share=0, seed=1), window)
    assert np.mean(found.rows >= 420) > 0.8
    assert found.precision == pytest.approx(np.mean(found.rows >= 420), abs=0.1)


def test_labels_show_that_the_model_is_worse_inside(mixture):
    reference, window = mixture(800, share=0, seed=1), mixture(1000, share=0.4, seed=2)
    inside, rest = compare(reference, window, part_of(reference, window))
    assert inside.rows + rest.rows == inside.labelled + rest.labelled == 1000
    assert inside.accuracy.high < rest.accuracy.low
    assert inside.calibrated == pytest.approx(rest.calibrated, abs=0.02)


def test_without_labels_confidence_is_all_there_is(mixture):
    reference = mixture(800, share=0, seed=1, labelled=False)
    window = mixture(500, share=0.4, seed=2, labelled=False)
    inside, rest = compare(reference, window, part_of(reference, window))
    assert (inside.accuracy, inside.calibrated, inside.labelled) == (None, None, 0)
    assert (inside.confidence, rest.confidence) == (pytest.approx(0.85), pytest.approx(0.85))
