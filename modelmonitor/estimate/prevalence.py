"""How often each class is true, corrected for the errors of the classifier that counted."""

from __future__ import annotations

from typing import Final

import numpy as np

from modelmonitor.estimate.confidence_sequence import Figure
from modelmonitor.estimate.labelled import confusion_matrix
from modelmonitor.estimate.novelty import DoubleArray
from modelmonitor.sample import IntArray, Sample

_DRAWS: Final = 400
_FEWEST_LABELS: Final = 50
_FEWEST_OF_A_CLASS: Final = 10
_LEAST_DISTINCT: Final = 0.1


def prevalence(
    reference: Sample, window: Sample, *, seed: int, confidence: float = 0.95
) -> tuple[Figure, ...] | None:
    """Share of each class in the window; None where the reference cannot tell how the classifier errs.

    Counting predictions is biased towards the reference's mix. Of the labelled reference one knows how often
    each class is predicted as which, and solves for the shares that explain the window's predictions
    (adjusted classify and count; Forman, Data Min. Knowl. Discov. 17, 2008). It takes for granted that only
    the mix changed and not how a class looks. The interval is a bootstrap of reference and window.

    Args:
        reference: at least 50 labelled rows, ten of each class.
        window: at least 1 row; its labels are not read.
        seed: of the bootstrap.
        confidence: of the interval, 0 to 1.
    """
    confusion = confusion_matrix(reference.take(np.flatnonzero(reference.labelled)))
    counts = np.bincount(window.predicted, minlength=len(window.classes))
    value = _shares(confusion, counts)
    if confusion.sum() < _FEWEST_LABELS or confusion.sum(axis=1).min() < _FEWEST_OF_A_CLASS or value is None:
        return None
    drawn = _bootstrap(confusion, counts, seed=seed)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
    return tuple(
        Figure(float(value[i]), float(min(low[i], value[i])), float(max(high[i], value[i])))
        for i in range(len(value))
    )


def _bootstrap(confusion: IntArray, counts: IntArray, *, seed: int) -> DoubleArray:
    generator = np.random.default_rng(seed)
    of_class = confusion.sum(axis=1)
    drawn: list[DoubleArray] = []
    for _ in range(_DRAWS):
        rows = np.stack(
            [generator.multinomial(n, row / n) for n, row in zip(of_class, confusion, strict=True)]
        )
        found = _shares(rows, generator.multinomial(counts.sum(), counts / counts.sum()))
        if found is not None:
            drawn.append(found)
    return np.stack(drawn)


def _shares(confusion: IntArray, counts: IntArray) -> DoubleArray | None:
    """The mix of classes that explains the predictions best; None where classes are predicted alike."""
    from scipy.optimize import nnls

    of_class = confusion.sum(axis=1, keepdims=True)
    rates = (confusion / np.maximum(of_class, 1)).T
    if np.linalg.svd(rates, compute_uv=False)[-1] < _LEAST_DISTINCT:
        return None
    # The last row makes the shares sum to 1.
    shares, _ = nnls(np.vstack([rates, np.ones(len(rates))]), np.append(counts / counts.sum(), 1.0))
    total = float(shares.sum())
    return np.asarray(shares / total) if total > 0 else None
