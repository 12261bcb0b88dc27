"""Accuracy without labels, as a range that says what the labelled reference cannot tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist, median

import numpy as np

from modelmonitor.estimate import calibration
from modelmonitor.estimate.calibration import DoubleArray
from modelmonitor.estimate.novelty import Novelty, novelty
from modelmonitor.sample import Sample

_FEWEST_LABELS = 50
_FEWEST_ROWS = 20
# How far the point is drawn towards "the model guesses what is novel". Chosen on the movie reviews alone,
# whose embeddings were cut into clusters and each cluster held out as a shifted window: the largest value
# whose mean absolute error lies within one standard error of the best (0.028 against 0.027; ATC had 0.154).
_DOUBT = 0.05


class NeedsLabelledReference(ValueError):
    """The reference has too few labels to estimate anything; the message says how many are needed."""


class NeedsMoreRows(ValueError):
    """The window has too few rows; the message says how many are needed."""


@dataclass(frozen=True, slots=True)
class AccuracyEstimate:
    """What the accuracy on a window probably is, in shares of 1.

    Attributes:
        point: the isotonic estimate, drawn a twentieth of the way to `low` before sampling error.
        low: if the model only guesses where the reference has nothing alike, less sampling error.
        high: the largest of `methods`, plus sampling error.
        methods: calibrated estimates that take for granted that the reference's errors carry over:
            "temperature", "isotonic", "ATC", "DoC".
        n: rows of the window.
        novel_share: lower bound of the share of the window that the reference does not contain; None where
            neither embeddings nor texts were kept, then `low` supposes that all of it is novel.
    """

    point: float
    low: float
    high: float
    methods: Mapping[str, float]
    n: int
    novel_share: float | None


def estimate_accuracy(
    reference: Sample,
    window: Sample,
    *,
    seed: int,
    confidence: float = 0.9,
    outside: Novelty | None = None,
) -> AccuracyEstimate:
    """Bound the accuracy on unlabelled rows from labelled ones.

    Without labels accuracy is identified only where the reference has similar rows. There, calibrated
    confidence holds. On the novel share nothing is known, except that a model is rarely worse than
    guessing. So

        low  = (1 - novel) * calibrated accuracy of the rows most like the reference + novel / classes - error
        high = the most optimistic estimator + error

    where error is the normal bound at `confidence` of the sampling error of the window's labels, of the
    reference's labels and of the novel share. The idea of bounds under partial identification is Manski's
    (Partial Identification of Probability Distributions, 2003); the estimators are cited in `calibration`.

    Args:
        reference: rows of which the labelled ones (at least 50) are used.
        window: at least 20 rows; their labels are not read.
        seed: of the classifier's folds.
        confidence: of the range, 0 to 1.
        outside: the novelty of the window where it is known already; measured if left out.

    Raises:
        NeedsLabelledReference: fewer than 50 labelled reference rows.
        NeedsMoreRows: fewer than 20 rows in the window.
    """
    known = reference.take(np.flatnonzero(reference.labelled))
    _require_rows(known, window)
    right = calibration.isotonic(known, window)
    methods = {
        "temperature": float(calibration.temperature_scaled(known, window).mean()),
        "isotonic": float(right.mean()),
        "ATC": calibration.threshold_confidence(known, window),
        "DoC": calibration.difference_of_confidences(known, window),
    }
    outside = outside or novelty(known, window, seed=seed)
    guess = 1.0 / len(window.classes)
    floor = min(_pessimistic(right, outside, guess), median(methods.values()))
    trusted = methods["isotonic"]
    point = trusted - _DOUBT * max(0.0, trusted - floor)
    quantile = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    low_error = quantile * _standard_error(floor, known, window, outside=outside, guess=guess)
    high_error = quantile * _standard_error(max(methods.values()), known, window, outside=None, guess=guess)
    low, high = max(0.0, floor - low_error), min(1.0, max(methods.values()) + high_error)
    return AccuracyEstimate(
        point=min(max(point, low), high),
        low=low,
        high=high,
        methods=methods,
        n=len(window),
        novel_share=None if outside is None else outside.share,
    )


def _require_rows(known: Sample, window: Sample) -> None:
    if len(known) < _FEWEST_LABELS:
        msg = (
            f"estimating accuracy needs at least {_FEWEST_LABELS} labelled reference rows, "
            f"there are {len(known)}: give the reference labels"
        )
        raise NeedsLabelledReference(msg)
    if len(window) < _FEWEST_ROWS:
        msg = f"estimating accuracy needs at least {_FEWEST_ROWS} rows in the window, there are {len(window)}"
        raise NeedsMoreRows(msg)


def _pessimistic(right: DoubleArray, outside: Novelty | None, guess: float) -> float:
    """Accuracy if the novel share of the window is guessed and the rest is as calibrated."""
    if outside is None:
        return guess
    supported = max(1, round((1.0 - outside.share) * len(right)))
    most_alike = np.argsort(outside.scores, kind="stable")[:supported]
    return (1.0 - outside.share) * float(right[most_alike].mean()) + outside.share * guess


def _standard_error(
    accuracy: float, known: Sample, window: Sample, *, outside: Novelty | None, guess: float
) -> float:
    """Of an estimated accuracy against the one that the window's labels would show."""
    known_accuracy = float(calibration.correct(known).mean())
    variance = accuracy * (1.0 - accuracy) / len(window) + known_accuracy * (1.0 - known_accuracy) / len(
        known
    )
    if outside is not None:
        variance += ((known_accuracy - guess) * outside.standard_error) ** 2
    return float(np.sqrt(variance))
