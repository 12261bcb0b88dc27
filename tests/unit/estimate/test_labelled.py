from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import precision_recall_fscore_support

from modelmonitor.estimate.labelled import Figure, NeedsLabels, labelled_quality, wilson


@pytest.fixture
def labelled(make_sample):
    generator = np.random.default_rng(3)
    positive = generator.random(400)
    labels = (generator.random(400) < positive).astype(int)
    labels[:100] = -1
    return make_sample(texts=[""] * 400, positive=positive, labels=labels)


def test_figures_are_those_of_scikit_learn_on_the_labelled_rows(labelled):
    quality = labelled_quality(labelled, seed=0)
    known = labelled.labelled
    expected = precision_recall_fscore_support(labelled.labels[known], labelled.predicted[known])
    measured = [
        [getattr(quality.classes[name], figure).value for name in labelled.classes]
        for figure in ("precision", "recall", "f1")
    ]
    assert np.allclose(measured, expected[:3])
    assert [quality.classes[name].support for name in labelled.classes] == expected[3].tolist()
    assert (quality.n, quality.coverage) == (300, 0.75)
    assert quality.f1_macro.value == pytest.approx(expected[2].mean())


def test_every_figure_lies_in_its_interval(labelled):
    quality = labelled_quality(labelled, seed=0)
    figures = [quality.accuracy, quality.f1_macro, quality.precision_macro, quality.recall_macro]
    assert all(figure.low < figure.value < figure.high for figure in figures)


def test_the_interval_of_f1_covers_the_truth(make_sample):
    hits = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        truth = generator.integers(0, 2, 200)
        predicted = np.where(generator.random(200) < 0.8, truth, 1 - truth)
        figure = labelled_quality(
            make_sample(texts=[""] * 200, positive=0.2 + 0.6 * predicted, labels=truth), seed=seed
        ).f1_macro
        hits += figure.low <= 0.8 <= figure.high
    assert hits >= 180


@pytest.mark.parametrize(("successes", "n"), [(0, 10), (7, 10), (10, 10), (850, 1000)])
def test_wilsons_interval_is_that_of_scipy(successes, n):
    expected = binomtest(successes, n).proportion_ci(method="wilson")
    found = wilson(successes, n)
    assert (found.value, found.low, found.high) == pytest.approx((successes / n, expected.low, expected.high))


def test_a_class_that_is_never_predicted_scores_zero(make_sample):
    quality = labelled_quality(make_sample(texts=[""] * 4, positive=[0.1] * 4, labels=[0, 0, 1, 1]), seed=0)
    assert quality.classes["positive"].precision == Figure(0.0, 0.0, 0.0)


def test_no_labels_ask_for_feedback(make_sample):
    with pytest.raises(NeedsLabels, match="none of the 2 rows has a label: send labels as feedback"):
        labelled_quality(make_sample(texts=["", ""], positive=[0.1, 0.9], labels=[-1, -1]), seed=0)
