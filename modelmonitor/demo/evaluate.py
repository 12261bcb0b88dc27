"""How good a classifier is on texts it has never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from modelmonitor.demo.classifier import FloatArray
from modelmonitor.demo.data import LABELS, LabelledText


@dataclass(frozen=True, slots=True)
class Quality:
    """Agreement with the raters; every share is from 0 to 1.

    Attributes:
        accuracy: share of right answers.
        precision: share of right ones among the answers POSITIVE.
        recall: share of the positive texts that were found.
        f1: harmonic mean of precision and recall.
        mean_confidence: mean probability of the answered class.
        confusion: confusion[truth][answer] counts texts, both in the order of LABELS.
        rows: texts measured on.
    """

    accuracy: float
    precision: float
    recall: float
    f1: float
    mean_confidence: float
    confusion: tuple[tuple[int, ...], ...]
    rows: int


def measure(texts: Sequence[LabelledText], probabilities: FloatArray) -> Quality:
    """Compare (n, 2) probabilities, columns in the order of LABELS, with the labels of n texts."""
    truth = np.array([LABELS.index(text.label) for text in texts])
    answer = probabilities.argmax(axis=1)
    precision, recall, f1, _ = precision_recall_fscore_support(
        truth, answer, average="binary", zero_division=0.0
    )
    counts = confusion_matrix(truth, answer, labels=range(len(LABELS)))
    return Quality(
        accuracy=float(accuracy_score(truth, answer)),
        precision=float(precision),
        recall=float(recall),
        f1=float(f1),
        mean_confidence=float(probabilities.max(axis=1).mean()),
        confusion=tuple(tuple(int(count) for count in row) for row in counts),
        rows=len(texts),
    )
