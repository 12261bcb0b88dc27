"""Calibration measured on labels: confidence against accuracy, bin by bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from modelmonitor.estimate.confidence_sequence import Figure, proportion
from modelmonitor.sample import Sample

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Labelled rows of similar confidence.

    Attributes:
        rows: at least 1.
        right: of them.
        confidence: mean, 0 to 1.
    """

    rows: int
    right: int
    confidence: float


def bins_of(known: Sample) -> tuple[ReliabilityBin, ...]:
    """Labelled rows in ten equal bins of confidence, without the empty ones."""
    right = known.predicted == known.labels
    places = np.minimum((known.confidence * BINS).astype(np.int64), BINS - 1)
    return tuple(
        ReliabilityBin(
            rows=int((places == place).sum()),
            right=int(right[places == place].sum()),
            confidence=float(known.confidence[places == place].mean()),
        )
        for place in np.unique(places)
    )


def accuracy_of(each: ReliabilityBin, *, among: int, confidence: float = 0.95) -> Figure:
    """The accuracy of a bin; the intervals of all `among` bins hold together, at all looks."""
    return proportion(each.right, each.rows, confidence=1.0 - (1.0 - confidence) / among)


def calibration_error(bins: Sequence[ReliabilityBin], *, confidence: float = 0.95) -> Figure:
    """The expected calibration error: mean distance of confidence and accuracy (Naeini et al., AAAI 2015).

    With few rows a bin the error looks larger than it is. Its interval does not: in each bin accuracy lies
    anywhere in its confidence sequence, and the distances are summed at their smallest and largest.

    Args:
        bins: at least one.
        confidence: of the interval, 0 to 1, at all looks together.
    """
    n = sum(each.rows for each in bins)
    value = low = high = 0.0
    for each in bins:
        accuracy, weight = accuracy_of(each, among=len(bins), confidence=confidence), each.rows / n
        value += weight * abs(accuracy.value - each.confidence)
        low += weight * max(0.0, accuracy.low - each.confidence, each.confidence - accuracy.high)
        high += weight * max(accuracy.high - each.confidence, each.confidence - accuracy.low)
    return Figure(value, low, high)
