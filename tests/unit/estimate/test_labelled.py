from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support

from modelmonitor.estimate.confidence_sequence import Figure
from modelmonitor.estimate.labelled import LabelCounts, NeedsLabels, counts_of, labelled_quality


@pytest.fixture
def labelled(make_sample):
    generator = np.random.default_rng(3)
    positive = generator.random(400)
    labels = (generator.random(400) < positive).astype(int)
    labels[:100] = -1
    return make_sample(texts=[""] * 400, positive=positive, labels=labels)


def test_figures_are_those_of_scikit_learn_on_the_labelled_rows(labelled):
    quality = labelled_quality(counts_of(labelled))
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
    assert quality.overconfidence.value == pytest.approx(
        labelled.confidence[known].mean() - (labelled.labels[known] == labelled.predicted[known]).mean()
    )


def test_every_figure_lies_in_its_interval(labelled):
    quality = labelled_quality(counts_of(labelled))
    figures = [
        quality.accuracy,
        quality.f1_macro,
        quality.precision_macro,
        quality.recall_macro,
        quality.overconfidence,
    ]
    assert all(figure.low < figure.value < figure.high for figure in figures)


def test_the_intervals_hold_at_every_look_while_labels_arrive():
    generator = np.random.default_rng(5)
    missed = 0
    for _ in range(60):
        truth = generator.integers(0, 2, 1000)
        predicted = np.where(generator.random(1000) < 0.8, truth, 1 - truth)
        looks = [
            labelled_quality(counts(truth[:n], predicted[:n]), confidence=0.9) for n in range(40, 1001, 80)
        ]
        figures = [(look.f1_macro, look.accuracy) for look in looks]
        missed += not all(figure.low <= 0.8 <= figure.high for pair in figures for figure in pair)
    assert missed <= 10


def test_a_class_that_is_never_predicted_has_no_known_precision(make_sample):
    rows = make_sample(texts=[""] * 4, positive=[0.1] * 4, labels=[0, 0, 1, 1])
    assert labelled_quality(counts_of(rows)).classes["positive"].precision == Figure(0.0, 0.0, 1.0)


def test_no_labels_ask_for_feedback(make_sample):
    rows = make_sample(texts=["", ""], positive=[0.1, 0.9], labels=[-1, -1])
    with pytest.raises(NeedsLabels, match="none of the 2 rows has a label: send labels as feedback"):
        labelled_quality(counts_of(rows))


def counts(truth, predicted):
    confusion = np.bincount(truth * 2 + predicted, minlength=4).reshape(2, 2)
    return LabelCounts(classes=("negative", "positive"), confusion=confusion, rows=len(truth))
