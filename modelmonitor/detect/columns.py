"""The columns of a sample that detectors compare, in an order that does not depend on how rows arrived."""

from __future__ import annotations

import numpy as np

from modelmonitor.detect.missing import MissingColumn
from modelmonitor.sample import FloatArray, IntArray, Sample

LOG_EMBEDDINGS = "let the predictor log embeddings, or choose a detector of text or confidence"
TELL_PROBABILITIES = (
    "let the model reply with probabilities, or choose a detector of text, embeddings or classes"
)
STORE_TEXT = "store the input (privacy.input: store), or choose a detector of embeddings or confidence"
_SORT_COLUMNS = 16
_FEWEST_ROWS = 2
_BINARY = 2


def embedded_rows(sample: Sample, *, side: str) -> IntArray:
    """Indices of the rows whose embedding is finite.

    Args:
        sample: the rows.
        side: "reference" or "window", named in the error.

    Raises:
        MissingColumn: fewer than two rows have one.
    """
    if sample.embeddings is None:
        raise MissingColumn("embeddings", side, LOG_EMBEDDINGS)
    rows = np.flatnonzero(np.isfinite(sample.embeddings).all(axis=1)).astype(np.int64)
    if len(rows) < _FEWEST_ROWS:
        raise MissingColumn("embeddings", side, LOG_EMBEDDINGS)
    return rows


def embeddings(sample: Sample, *, side: str) -> FloatArray:
    """The (n, d) finite embeddings in a canonical row order.

    Args:
        sample: the rows.
        side: "reference" or "window", named in the error.

    Raises:
        MissingColumn: fewer than two rows have one.
    """
    rows = np.asarray(sample.embeddings, dtype=np.float32)[embedded_rows(sample, side=side)]
    ordered: FloatArray = rows[canonical_order(rows)]
    return ordered


def canonical_order(rows: FloatArray) -> IntArray:
    """Indices that sort (n, d) rows by their first columns, however they arrived."""
    return np.asarray(np.lexsort(rows[:, :_SORT_COLUMNS].T[::-1]), dtype=np.int64)


def confidence(sample: Sample) -> FloatArray:
    """(n,) probability of the predicted class.

    Raises:
        MissingColumn: the model told the class alone.
    """
    if not sample.confidence_known:
        raise MissingColumn("confidence", "sample", TELL_PROBABILITIES)
    return sample.confidence


def compared_probabilities(sample: Sample) -> FloatArray:
    """(n, c) class probabilities; of two classes one, since it determines the other.

    Raises:
        MissingColumn: the model told the class alone.
    """
    if not sample.confidence_known:
        raise MissingColumn("probabilities", "sample", TELL_PROBABILITIES)
    return sample.probabilities[:, :1] if len(sample.classes) == _BINARY else sample.probabilities


def texts(sample: Sample, *, side: str) -> list[str]:
    """The texts that were kept, sorted.

    Args:
        sample: the rows.
        side: "reference" or "window", named in the error.

    Raises:
        MissingColumn: fewer than two texts were kept.
    """
    kept = sorted(text for text in sample.texts if text is not None)
    if len(kept) < _FEWEST_ROWS:
        raise MissingColumn("texts", side, STORE_TEXT)
    return kept


def chosen_texts(sample: Sample, *, side: str, max_rows: int, seed: int) -> list[str]:
    """The texts that were kept, sorted, or a uniform random subset of `max_rows` of them.

    Raises:
        MissingColumn: fewer than two texts were kept.
    """
    kept = texts(sample, side=side)
    return [kept[row] for row in chosen_rows(len(kept), at_most=max_rows, seed=seed)]


def class_counts(sample: Sample) -> IntArray:
    """(k,) how often each class was predicted."""
    return np.bincount(sample.predicted, minlength=len(sample.classes)).astype(np.int64)


def chosen_rows(n: int, *, at_most: int, seed: int) -> IntArray:
    """Indices of all n rows, or of a uniform random subset of `at_most` of them, ascending."""
    if n <= at_most:
        return np.arange(n, dtype=np.int64)
    return np.sort(np.random.default_rng(seed).choice(n, size=at_most, replace=False)).astype(np.int64)
