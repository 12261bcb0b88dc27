"""Quality on the rows whose label is known, each figure with an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from modelmonitor.sample import IntArray, Sample

DoubleArray = npt.NDArray[np.float64]

_BOOTSTRAPS = 2000


class NeedsLabels(ValueError):
    """No row of the sample has a label."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A quality figure, 0 to 1.

    Attributes:
        value: measured.
        low: lower end of its interval.
        high: upper end of its interval.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class ClassQuality:
    """Quality of one class; 0 where undefined (a class never predicted, or never true).

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
        coverage: share of all rows of the sample that are labelled.
        accuracy: with Wilson's interval.
        f1_macro: unweighted mean of the classes' F1, with a bootstrap interval.
        precision_macro: unweighted mean of the classes' precision, with a bootstrap interval.
        recall_macro: unweighted mean of the classes' recall, with a bootstrap interval.
        classes: by class name.
    """

    n: int
    coverage: float
    accuracy: Figure
    f1_macro: Figure
    precision_macro: Figure
    recall_macro: Figure
    classes: Mapping[str, ClassQuality]


def labelled_quality(sample: Sample, *, seed: int, confidence: float = 0.95) -> LabelledQuality:
    """Measure quality on the labelled rows of a sample.

    Args:
        sample: rows, some of them labelled.
        seed: of the bootstrap.
        confidence: of every interval, 0 to 1.

    Raises:
        NeedsLabels: no row has a label.
    """
    known = sample.take(np.flatnonzero(sample.labelled))
    if not len(known):
        msg = f"none of the {len(sample)} rows has a label: send labels as feedback to measure quality"
        raise NeedsLabels(msg)
    confusion = confusion_matrix(known)
    tails = ((1.0 - confidence) / 2.0, (1.0 + confidence) / 2.0)
    precision, recall, f1 = _figures(_resampled(confusion, seed=seed), tails=tails)
    return LabelledQuality(
        n=len(known),
        coverage=len(known) / len(sample),
        accuracy=wilson(int(np.trace(confusion)), len(known), confidence=confidence),
        f1_macro=f1[-1],
        precision_macro=precision[-1],
        recall_macro=recall[-1],
        classes={
            name: ClassQuality(precision[i], recall[i], f1[i], int(confusion[i].sum()))
            for i, name in enumerate(sample.classes)
        },
    )


def confusion_matrix(known: Sample) -> IntArray:
    """(k, k) counts of labelled rows: row = true class, column = predicted class."""
    k = len(known.classes)
    return np.bincount(known.labels * k + known.predicted, minlength=k * k).reshape(k, k).astype(np.int64)


def wilson(successes: int, n: int, *, confidence: float = 0.95) -> Figure:
    """A proportion with Wilson's score interval (Wilson 1927)."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return Figure(share, max(0.0, centre - half), min(1.0, centre + half))


def _resampled(confusion: IntArray, *, seed: int) -> IntArray:
    """(1 + b, k, k) the confusion matrix, then b bootstrap draws of it."""
    n = int(confusion.sum())
    draws = np.random.default_rng(seed).multinomial(n, confusion.ravel() / n, size=_BOOTSTRAPS)
    matrices: IntArray = np.concatenate([confusion[None], draws.reshape(-1, *confusion.shape)])
    return matrices


def _figures(
    confusions: IntArray, *, tails: tuple[float, float]
) -> tuple[list[Figure], list[Figure], list[Figure]]:
    """Precision, recall and F1: a figure for each class, then the macro average."""
    hits = np.diagonal(confusions, axis1=1, axis2=2).astype(np.float64)
    predicted, true = confusions.sum(axis=1), confusions.sum(axis=2)
    ratios = (_ratio(hits, predicted), _ratio(hits, true), _ratio(2.0 * hits, predicted + true))
    precision, recall, f1 = (_with_intervals(ratio, tails=tails) for ratio in ratios)
    return precision, recall, f1


def _ratio(part: DoubleArray, whole: IntArray) -> DoubleArray:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _with_intervals(draws: DoubleArray, *, tails: tuple[float, float]) -> list[Figure]:
    columns = np.column_stack([draws, draws.mean(axis=1)])
    low, high = np.quantile(columns[1:], tails, axis=0)
    return [Figure(float(columns[0, i]), float(low[i]), float(high[i])) for i in range(columns.shape[1])]
