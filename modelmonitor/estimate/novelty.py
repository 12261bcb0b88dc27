"""Which share of a window the reference does not contain, by a classifier that tells the two apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelmonitor.sample import FloatArray, IntArray, Sample

DoubleArray = npt.NDArray[np.float64]

_FOLDS = 5
_EMBEDDING_PENALTY = 0.01
_TEXT_PENALTY = 1.0
_MAX_ITERATIONS = 300
_EVEN_ODDS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Novelty:
    """How far the window lies outside the reference.

    Attributes:
        share: lower bound of the share of the window that the reference does not contain, 0 to 1.
        standard_error: of `share`.
        scores: (n,) for each row of the window, how much it looks like the window rather than the reference.
        reference_scores: the same for the rows of the reference.
        folds: the fold of each row, reference first; no score is of a model that has seen its row.
    """

    share: float
    standard_error: float
    scores: DoubleArray
    reference_scores: DoubleArray
    folds: IntArray


def novelty(reference: Sample, window: Sample, *, seed: int) -> Novelty | None:
    """Compare embeddings, or texts where a sample has none; None if neither was kept.

    A classifier's true-positive minus false-positive rate is a lower bound of the total variation distance
    of the two distributions, and that distance is the share of the window that cannot have come from the
    reference. The rates are cross-fitted and their threshold is fixed beforehand (even odds), so they are
    not optimistic.

    Args:
        reference: at least 5 rows.
        window: at least 5 rows.
        seed: of the folds.
    """
    features = _features(reference, window)
    if features is None:
        return None
    rows, penalty = features
    folds = _folds(len(reference), rows.shape[0], seed=seed)
    scores = _cross_fitted(rows, len(reference), folds=folds, penalty=penalty)
    false_positive = float((scores[: len(reference)] > _EVEN_ODDS).mean())
    true_positive = float((scores[len(reference) :] > _EVEN_ODDS).mean())
    variance = _proportion_variance(false_positive, len(reference)) + _proportion_variance(
        true_positive, len(window)
    )
    return Novelty(
        share=max(0.0, true_positive - false_positive),
        standard_error=float(np.sqrt(variance)),
        scores=scores[len(reference) :],
        reference_scores=scores[: len(reference)],
        folds=folds,
    )


def _features(reference: Sample, window: Sample) -> tuple[FloatArray, float] | None:
    if reference.embeddings is not None and window.embeddings is not None:
        rows = np.concatenate([reference.embeddings, window.embeddings]).astype(np.float32)
        spread = rows.std(axis=0)
        return (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0), _EMBEDDING_PENALTY
    texts = [text for sample in (reference, window) for text in sample.texts if text is not None]
    if len(texts) < len(reference) + len(window):
        return None
    return _text_rows(texts)


def _text_rows(texts: list[str]) -> tuple[FloatArray, float] | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=2)
    try:
        return vectorizer.fit_transform(texts), _TEXT_PENALTY
    except ValueError:
        # No word occurs in two texts: nothing can be said about what is alike.
        return None


def _cross_fitted(rows: FloatArray, n_reference: int, *, folds: IntArray, penalty: float) -> DoubleArray:
    """(n,) probability of "window" for each row, by a model that has not seen the row."""
    from sklearn.linear_model import LogisticRegression

    in_window = np.arange(rows.shape[0]) >= n_reference
    scores = np.empty(rows.shape[0])
    for fold in range(_FOLDS):
        held = folds == fold
        model = LogisticRegression(C=penalty, class_weight="balanced", max_iter=_MAX_ITERATIONS)
        scores[held] = model.fit(rows[~held], in_window[~held]).predict_proba(rows[held])[:, 1]
    return scores


def _folds(n_reference: int, n: int, *, seed: int) -> IntArray:
    """(n,) fold of each row, equally many of the reference and of the window in each."""
    generator = np.random.default_rng(seed)
    sizes = (n_reference, n - n_reference)
    folds: IntArray = np.concatenate([generator.permutation(np.arange(size) % _FOLDS) for size in sizes])
    return folds


def _proportion_variance(share: float, n: int) -> float:
    return share * (1.0 - share) / n
