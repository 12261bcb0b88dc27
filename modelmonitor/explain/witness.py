"""The witness of the maximum mean discrepancy: for each row, how much more it is like the window."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from modelmonitor.detect import columns, kernel
from modelmonitor.detect.missing import MissingColumn
from modelmonitor.detect.permutation import DoubleArray
from modelmonitor.sample import FloatArray, IntArray, Sample

_MAX_ROWS = 2000
_COMPONENTS = 64
_FEWEST_ROWS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Witness:
    """Witness values of the rows that were looked at; a row is not compared with itself.

    Attributes:
        reference_rows: indices of n rows of the reference.
        window_rows: indices of m rows of the window.
        reference: (n,) values.
        window: (m,) values; positive where a row is more like the window than like the reference.
    """

    reference_rows: IntArray
    window_rows: IntArray
    reference: DoubleArray
    window: DoubleArray

    @property
    def discrepancy(self) -> float:
        """The unbiased squared maximum mean discrepancy, of which the values are the parts."""
        return float(self.window.mean() - self.reference.mean())


def witness(reference: Sample, window: Sample, *, seed: int) -> Witness | None:
    """Witness values of embeddings, or of TF-IDF where a sample has none; None where neither was kept.

    Source: Gretton et al., A kernel two-sample test, JMLR 13 (2012), section 2.3.

    Args:
        reference: at most 2,000 of its rows are looked at.
        window: at most 2,000 of its rows are looked at.
        seed: of the choice of rows.
    """
    if reference.embeddings is not None and window.embeddings is not None:
        return _of_embeddings(reference, window, seed=seed)
    return _of_texts(reference, window, seed=seed)


def _of_embeddings(reference: Sample, window: Sample, *, seed: int) -> Witness | None:
    try:
        sides = [
            _chosen(columns.embedded_rows(sample, side=side), seed=seed)
            for side, sample in (("reference", reference), ("window", window))
        ]
    except MissingColumn:
        return None
    rows = np.concatenate(
        [
            np.asarray(sample.embeddings, dtype=np.float32)[chosen]
            for sample, chosen in zip((reference, window), sides, strict=True)
        ]
    )
    pooled = kernel.whitened(rows, components=_COMPONENTS)
    gram = kernel.gaussian_gram(pooled, sigma=kernel.median_bandwidth(pooled, seed=seed))
    n = len(sides[0])
    return Witness(
        sides[0],
        sides[1],
        _values(gram[:n, n:].sum(axis=1), gram[:n, :n].sum(axis=1), others=len(sides[1]), own=n),
        -_values(gram[n:, :n].sum(axis=1), gram[n:, n:].sum(axis=1), others=n, own=len(sides[1])),
    )


def _of_texts(reference: Sample, window: Sample, *, seed: int) -> Witness | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    sides = [
        _chosen(np.array([i for i, text in enumerate(sample.texts) if text], dtype=np.int64), seed=seed)
        for sample in (reference, window)
    ]
    if min(map(len, sides)) < _FEWEST_ROWS:
        return None
    texts = [
        sample.texts[i] for sample, chosen in zip((reference, window), sides, strict=True) for i in chosen
    ]
    try:
        rows = TfidfVectorizer(sublinear_tf=True, min_df=2).fit_transform(texts)
    except ValueError:
        # No word occurs in two texts.
        return None
    n = len(sides[0])
    old, new = rows[:n], rows[n:]
    return Witness(
        sides[0],
        sides[1],
        _values(_towards(old, new), _towards(old, old), others=len(sides[1]), own=n),
        -_values(_towards(new, old), _towards(new, new), others=n, own=len(sides[1])),
    )


def _towards(rows: Any, others: Any) -> DoubleArray:  # noqa: ANN401 - scipy has no types
    """(n,) sums of the similarities of each row to the others, without itself."""
    towards = np.asarray(rows @ np.asarray(others.sum(axis=0)).ravel())
    own = np.asarray(rows.multiply(rows).sum(axis=1)).ravel() if rows is others else 0.0
    return np.asarray(towards - own, dtype=np.float64)


def _values(
    to_others: FloatArray | DoubleArray, to_own: FloatArray | DoubleArray, *, others: int, own: int
) -> DoubleArray:
    values: DoubleArray = np.asarray(to_others, dtype=np.float64) / others
    return values - np.asarray(to_own, dtype=np.float64) / (own - 1)


def _chosen(rows: IntArray, *, seed: int) -> IntArray:
    return rows[columns.chosen_rows(len(rows), at_most=_MAX_ROWS, seed=seed)]
