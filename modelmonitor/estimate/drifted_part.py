"""Which rows of a window drifted, at least how many, and whether the model is worse on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from modelmonitor.estimate import calibration
from modelmonitor.estimate.confidence_sequence import Figure, proportion
from modelmonitor.estimate.novelty import DoubleArray, Novelty
from modelmonitor.sample import BoolArray, IntArray, Sample

CONFIDENCE: Final = 0.95
_FEWEST_LABELS: Final = 50


@dataclass(frozen=True, slots=True)
class Quality:
    """How the model does on some rows.

    Attributes:
        rows: how many.
        confidence: mean, 0 to 1; None where it is not known.
        calibrated: mean probability of being right as the labelled reference calibrates it; None where the
            reference has fewer than 50 labels. On strange rows it is rather too high.
        labelled: of them.
        accuracy: on the labelled rows, with an interval that holds at all looks; None without labels.
    """

    rows: int
    confidence: float | None
    calibrated: float | None
    labelled: int
    accuracy: Figure | None


@dataclass(frozen=True, slots=True, eq=False)
class DriftedPart:
    """The rows of a window that a classifier tells from the reference.

    Attributes:
        share: true-positive minus false-positive rate at the best threshold, not below 0.
        low: the share that drifted is at least this, with a confidence of 95 %.
        rows: of the window beyond the threshold.
        precision: share of `rows` that is not there by mistake, 0 to 1.
    """

    share: float
    low: float
    rows: IntArray
    precision: float


def drifted_part(found: Novelty) -> DriftedPart:
    """The part of the window that cannot have come from the reference.

    If a share of the window is new and the rest is as ever, no threshold can separate more than that share:
    true-positive minus false-positive rate is at most the total variation distance. Each fold is cut at the
    threshold that is best on the other folds, so the rates are not optimistic; the bound takes an exact
    interval of each rate (Clopper & Pearson 1934) and adds up their risks.
    """
    scores = np.concatenate([found.reference_scores, found.scores])
    n = len(found.reference_scores)
    in_window = np.arange(len(scores)) >= n
    beyond = np.zeros(len(scores), dtype=bool)
    for fold in np.unique(found.folds):
        held = found.folds == fold
        beyond[held] = scores[held] > _best_threshold(scores[~held], in_window[~held])
    true, false = float(beyond[n:].mean()), float(beyond[:n].mean())
    least = _lower(int(beyond[n:].sum()), len(found.scores)) - _upper(int(beyond[:n].sum()), n)
    share = max(0.0, true - false)
    return DriftedPart(
        share=share,
        low=max(0.0, least),
        rows=np.flatnonzero(beyond[n:]),
        precision=share / true if true > 0 else 0.0,
    )


def compare(reference: Sample, window: Sample, part: DriftedPart) -> tuple[Quality, Quality]:
    """How the model does inside the drifted part, and on the rest of the window."""
    known = reference.take(np.flatnonzero(reference.labelled))
    sure = known.confidence_known and window.confidence_known
    calibrated = calibration.isotonic(known, window) if sure and len(known) >= _FEWEST_LABELS else None
    inside = np.zeros(len(window), dtype=bool)
    inside[part.rows] = True
    return _quality(window, inside, calibrated), _quality(window, ~inside, calibrated)


def _quality(window: Sample, chosen: BoolArray, calibrated: DoubleArray | None) -> Quality:
    rows = window.take(np.flatnonzero(chosen))
    known = rows.take(np.flatnonzero(rows.labelled))
    right = int(calibration.correct(known).sum())
    return Quality(
        rows=len(rows),
        confidence=float(rows.confidence.mean()) if len(rows) and rows.confidence_known else None,
        calibrated=None if calibrated is None or not len(rows) else float(calibrated[chosen].mean()),
        labelled=len(known),
        accuracy=proportion(right, len(known), confidence=CONFIDENCE) if len(known) else None,
    )


def _best_threshold(scores: DoubleArray, in_window: BoolArray) -> float:
    """The score above which true-positive minus false-positive rate is largest."""
    order = np.argsort(-scores, kind="stable")
    ours = np.cumsum(in_window[order]) / in_window.sum()
    theirs = np.cumsum(~in_window[order]) / (~in_window).sum()
    best = int(np.argmax(ours - theirs))
    below = scores[order][best + 1] if best + 1 < len(scores) else scores[order][best]
    return float((scores[order][best] + below) / 2.0)


def _lower(count: int, n: int) -> float:
    from scipy.stats import beta

    return float(beta.ppf((1.0 - CONFIDENCE) / 2.0, count, n - count + 1)) if count else 0.0


def _upper(count: int, n: int) -> float:
    from scipy.stats import beta

    return float(beta.ppf(1.0 - (1.0 - CONFIDENCE) / 2.0, count + 1, n - count)) if count < n else 1.0
