"""Quality on the rows whose label is known, each figure with an interval that may be looked at every hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelmonitor.estimate.confidence_sequence import Figure, proportion
from modelmonitor.estimate.reliability import ReliabilityBin, bins_of, calibration_error
from modelmonitor.sample import IntArray, Sample


class NeedsLabels(ValueError):
    """No row has a label."""


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """Quality of one class; value 0 and interval 0 to 1 where undefined (never predicted, or never true).

    Attributes:
        precision: share of the rows predicted as this class that are.
        recall: share of the rows of this class that were predicted so.
        f1: harmonic mean of both.
        support: labelled rows of this class.
    """

    precision: Figure
    recall: Figure
    f1: Figure
    support: int


@dataclass(frozen=True, slots=True)
class LabelledQuality:
    """Quality of a model on labelled rows.

    Attributes:
        n: labelled rows.
        coverage: share of all rows that are labelled.
        accuracy: share of the labelled rows that were right.
        f1_macro: unweighted mean of the classes' F1.
        precision_macro: unweighted mean of the classes' precision.
        recall_macro: unweighted mean of the classes' recall.
        overconfidence: mean confidence of the labelled rows minus accuracy, -1 to 1: calibration in the
            large; None where the confidence is not known.
        calibration_error: expected calibration error, 0 to 1; None where the confidence is not known.
        classes: by class name.
    """

    n: int
    coverage: float
    accuracy: Figure
    f1_macro: Figure
    precision_macro: Figure
    recall_macro: Figure
    overconfidence: Figure | None
    calibration_error: Figure | None
    classes: Mapping[str, ClassQuality]


@dataclass(frozen=True, slots=True, eq=False)
class LabelCounts:
    """What quality is computed from: counts, so that a database can do the counting.

    Attributes:
        classes: the model's k classes.
        confusion: (k, k) labelled rows: row = true class, column = predicted class.
        rows: all rows, labelled or not.
        mean_confidence: of the labelled rows, None where not known.
        bins: the labelled rows by confidence; empty where it is not known.
    """

    classes: Sequence[str]
    confusion: IntArray
    rows: int
    mean_confidence: float | None = None
    bins: Sequence[ReliabilityBin] = ()

    @property
    def labelled(self) -> int:
        """Labelled rows."""
        return int(self.confusion.sum())


def labelled_quality(counts: LabelCounts, *, confidence: float = 0.95) -> LabelledQuality:
    """Measure quality on the labelled rows.

    Accuracy, precision and recall are proportions with a confidence sequence each. F1 grows with precision
    and with recall, so its interval is F1 at the two lower and at the two upper ends, each held at half the
    risk (union bound); a macro average is the average of ends that share the risk among the classes. All
    intervals are valid at all looks together while labels arrive, each for itself.

    Args:
        counts: of one window.
        confidence: of every interval, 0 to 1.

    Raises:
        NeedsLabels: no row has a label.
    """
    if not counts.labelled:
        msg = f"none of the {counts.rows} rows has a label: send labels as feedback to measure quality"
        raise NeedsLabels(msg)
    shared = 1.0 - (1.0 - confidence) / len(counts.classes)
    alone, together = (_by_class(counts, confidence=each) for each in (confidence, shared))
    accuracy = proportion(int(np.trace(counts.confusion)), counts.labelled, confidence=confidence)
    return LabelledQuality(
        n=counts.labelled,
        coverage=counts.labelled / counts.rows,
        accuracy=accuracy,
        f1_macro=_mean([each.f1 for each in together]),
        precision_macro=_mean([each.precision for each in together]),
        recall_macro=_mean([each.recall for each in together]),
        overconfidence=_overconfidence(counts.mean_confidence, accuracy),
        calibration_error=calibration_error(counts.bins, confidence=confidence) if counts.bins else None,
        classes=dict(zip(counts.classes, alone, strict=True)),
    )


def counts_of(sample: Sample) -> LabelCounts:
    """The counts of a sample."""
    known = sample.take(np.flatnonzero(sample.labelled))
    return LabelCounts(
        classes=sample.classes,
        confusion=confusion_matrix(known),
        rows=len(sample),
        mean_confidence=float(known.confidence.mean()) if len(known) and known.confidence_known else None,
        bins=bins_of(known) if known.confidence_known else (),
    )


def confusion_matrix(known: Sample) -> IntArray:
    """(k, k) counts of labelled rows: row = true class, column = predicted class."""
    k = len(known.classes)
    return np.bincount(known.labels * k + known.predicted, minlength=k * k).reshape(k, k).astype(np.int64)


def _by_class(counts: LabelCounts, *, confidence: float) -> list[ClassQuality]:
    hits = np.diagonal(counts.confusion)
    predicted, true = counts.confusion.sum(axis=0), counts.confusion.sum(axis=1)
    return [
        _class_quality(int(hits[i]), int(predicted[i]), support=int(true[i]), confidence=confidence)
        for i in range(len(counts.classes))
    ]


def _class_quality(hits: int, predicted: int, *, support: int, confidence: float) -> ClassQuality:
    half = 1.0 - (1.0 - confidence) / 2.0
    precision, recall = (proportion(hits, n, confidence=half) for n in (predicted, support))
    return ClassQuality(
        precision=proportion(hits, predicted, confidence=confidence),
        recall=proportion(hits, support, confidence=confidence),
        f1=Figure(
            _harmonic(precision.value, recall.value),
            _harmonic(precision.low, recall.low),
            _harmonic(precision.high, recall.high),
        ),
        support=support,
    )


def _harmonic(one: float, other: float) -> float:
    return 2.0 * one * other / (one + other) if one + other > 0 else 0.0


def _mean(figures: Sequence[Figure]) -> Figure:
    value, low, high = (
        float(np.mean([getattr(figure, end) for figure in figures])) for end in ("value", "low", "high")
    )
    return Figure(value, low, high)


def _overconfidence(mean_confidence: float | None, accuracy: Figure) -> Figure | None:
    if mean_confidence is None:
        return None
    return Figure(
        mean_confidence - accuracy.value, mean_confidence - accuracy.high, mean_confidence - accuracy.low
    )
