"""Signs that the meaning of inputs changed; without labels none of them proves it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, Final

import numpy as np

from modelmonitor.estimate.novelty import DoubleArray, Novelty
from modelmonitor.sample import Sample

CONFIDENCE: Final = 0.95
_FEWEST_ROWS: Final = 100
_FEWEST_LABELS: Final = 50
_LARGEST_WEIGHT: Final = 20.0
_FEWEST_EFFECTIVE: Final = 50.0
_MOST_NOVEL: Final = 0.8


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of reference and window, and the interval of its change.

    Attributes:
        reference: 0 to 1.
        window: 0 to 1.
        low: lower end of the 95 % interval of window minus reference.
        high: its upper end.
        rows: that the reference's figure effectively rests on.
    """

    reference: float
    window: float
    low: float
    high: float
    rows: float

    @property
    def certain(self) -> bool:
        """Whether chance alone does not explain the change."""
        return not self.low <= 0.0 <= self.high


def disagreement(reference: Sample, window: Sample, *, seed: int) -> Change | None:
    """How often a second, cheap model disagrees with the served one; None with too few rows or one class.

    A logistic regression learns one half of the reference: its labels where there are at least 50, else what
    the served model answered. It reads words where texts were kept, which the served model's embedding may
    blur, else embeddings. Its disagreement on the other half is what is usual.

    Args:
        reference: at least 200 rows.
        window: at least 100 rows.
        seed: of the halves.
    """
    if len(reference) < 2 * _FEWEST_ROWS or len(window) < _FEWEST_ROWS:
        return None
    order = np.random.default_rng(seed).permutation(len(reference))
    taught, kept = (reference.take(rows) for rows in np.array_split(order, 2))
    target = taught.labels if taught.labelled.sum() >= _FEWEST_LABELS else taught.predicted
    chosen = np.flatnonzero(target >= 0)
    features = _features(taught.take(chosen), kept, window)
    if features is None or len(np.unique(target[chosen])) < 2:
        return None
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=0.1, max_iter=300).fit(features[0], target[chosen])
    usual, now = (
        np.asarray(model.predict(rows) != sample.predicted)
        for rows, sample in zip(features[1:], (kept, window), strict=True)
    )
    return _change(usual.astype(np.float64), now.astype(np.float64), np.ones(len(usual)))


def confidence_at_equal_inputs(reference: Sample, window: Sample, found: Novelty) -> Change | None:
    """Mean confidence of the window against a reference weighted to look like it; None without overlap.

    The weights are the odds of the classifier that told window and reference apart, cut at 20 (Shimodaira,
    J. Stat. Plan. Inference 90, 2000). An unchanged model gives equal inputs equal confidence, so what is
    left here is a changed model or preprocessing, or a difference of inputs that the classifier does not see.
    """
    if not (reference.confidence_known and window.confidence_known):
        return None
    odds = found.reference_scores / np.maximum(1.0 - found.reference_scores, 1e-6)
    weights = np.minimum(odds, _LARGEST_WEIGHT)
    effective = float(weights.sum() ** 2 / np.square(weights).sum())
    if found.share > _MOST_NOVEL or effective < _FEWEST_EFFECTIVE or len(window) < _FEWEST_ROWS:
        return None
    return _change(reference.confidence.astype(np.float64), window.confidence.astype(np.float64), weights)


def _change(usual: DoubleArray, now: DoubleArray, weights: DoubleArray) -> Change:
    total = float(weights.sum())
    before = float(weights @ usual / total)
    variance = float(np.square(weights * (usual - before)).sum()) / total**2 + float(now.var()) / len(now)
    half = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2.0) * variance**0.5
    moved = float(now.mean()) - before
    return Change(
        reference=before,
        window=float(now.mean()),
        low=moved - half,
        high=moved + half,
        rows=total**2 / float(np.square(weights).sum()),
    )


def _features(*samples: Sample) -> tuple[Any, ...] | None:
    texts = [[text for text in sample.texts if text is not None] for sample in samples]
    if all(len(kept) == len(sample) for kept, sample in zip(texts, samples, strict=True)):
        return _words(texts)
    rows = [sample.embeddings for sample in samples]
    if any(each is None for each in rows):
        return None
    known = np.asarray(rows[0])
    spread = known.std(axis=0)
    return tuple((np.asarray(each) - known.mean(axis=0)) / np.where(spread > 0, spread, 1.0) for each in rows)


def _words(texts: list[list[str]]) -> tuple[Any, ...] | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2)
    try:
        first = vectorizer.fit_transform(texts[0])
    except ValueError:
        # No word occurs in two texts.
        return None
    return (first, *(vectorizer.transform(each) for each in texts[1:]))
