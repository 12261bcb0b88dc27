"""The share of true classes behind biased predictions."""

from __future__ import annotations

import numpy as np
import pytest

from modelmonitor.estimate.prevalence import prevalence


@pytest.fixture
def predictions(make_sample):
    """Rows of which a share is positive, with a classifier that is right on 80 % of either class."""

    def build(n, *, positive, seed, labelled=True):
        generator = np.random.default_rng(seed)
        labels = (generator.random(n) < positive).astype(int)
        predicted = np.where(generator.random(n) < 0.8, labels, 1 - labels)
        return make_sample(
            texts=[None] * n,
            positive=np.where(predicted == 1, 0.9, 0.1),
            labels=labels if labelled else [-1] * n,
        )

    return build


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_interval_covers_the_true_share_where_counting_is_biased(predictions, share):
    covered, counted = 0, []
    for seed in range(20):
        window = predictions(1000, positive=share, seed=2 * seed + 1, labelled=False)
        found = prevalence(predictions(1000, positive=0.5, seed=2 * seed), window, seed=seed)
        covered += found[1].low <= share <= found[1].high
        counted.append(float((window.predicted == 1).mean()))
        assert sum(figure.value for figure in found) == pytest.approx(1.0)
    assert covered >= 17
    assert share == 0.5 or abs(np.mean(counted) - share) > 0.05


def test_too_few_labels_or_a_classifier_that_tells_nothing_apart_give_none(predictions, make_sample):
    window = predictions(500, positive=0.3, seed=1, labelled=False)
    assert prevalence(window, window, seed=0) is None
    blind = make_sample(texts=[None] * 400, positive=[0.9] * 400, labels=[0, 1] * 200)
    assert prevalence(blind, window, seed=0) is None
