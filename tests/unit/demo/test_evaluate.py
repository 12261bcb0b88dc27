from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib import image

from modelmonitor.demo.confusion import draw_confusion
from modelmonitor.demo.data import LABELS, LabelledText
from modelmonitor.demo.evaluate import Quality, measure

TRUTH = ("POSITIVE", "POSITIVE", "POSITIVE", "NEGATIVE", "NEGATIVE")
TEXTS = tuple(
    LabelledText(id=str(row), text="text", rating=1.0, label=label) for row, label in enumerate(TRUTH)
)
PROBABILITIES = np.array([[0.1, 0.9], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.9, 0.1]], dtype=np.float32)


def test_quality_counts_truth_by_answer():
    assert measure(TEXTS, PROBABILITIES) == Quality(
        accuracy=pytest.approx(3 / 5),
        precision=pytest.approx(2 / 3),
        recall=pytest.approx(2 / 3),
        f1=pytest.approx(2 / 3),
        mean_confidence=pytest.approx(0.78),
        confusion=((1, 1), (1, 2)),
        rows=5,
    )


def test_a_model_that_never_says_positive_has_no_precision_instead_of_an_error():
    never = np.tile(np.array([0.9, 0.1], dtype=np.float32), (5, 1))

    quality = measure(TEXTS, never)

    assert (quality.precision, quality.recall, quality.f1, quality.confusion) == (
        0.0,
        0.0,
        0.0,
        ((2, 0), (3, 0)),
    )


def test_the_confusion_matrix_is_a_picture_that_can_be_read():
    stream = io.BytesIO()
    draw_confusion(measure(TEXTS, PROBABILITIES), LABELS).savefig(stream, format="png")
    stream.seek(0)

    pixels = image.imread(stream)

    height, width, _ = pixels.shape
    assert width >= 600
    assert height >= 600
