"""Rows as points in which near means alike: what strangers and new patterns are measured in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelmonitor.detect import columns, kernel
from modelmonitor.detect.missing import MissingColumn
from modelmonitor.explain.words import WORD, log_odds_z
from modelmonitor.sample import FloatArray, IntArray, Sample

_MAX_ROWS = 2000
_COMPONENTS = 32
_FEWEST_ROWS = 100
_FEWEST_TEXTS = 3
_LEAST_Z = 1.7


@dataclass(frozen=True, slots=True, eq=False)
class Halves:
    """Rows of both samples, cut into halves by chance.

    One half of each proposes what is new, the other, which had no part in that, confirms it.

    Attributes:
        known: rows of the reference that propose.
        kept: rows of the reference that confirm.
        seen: rows of the window that propose.
        fresh: rows of the window that confirm.
    """

    known: IntArray
    kept: IntArray
    seen: IntArray
    fresh: IntArray

    def turned(self) -> Halves:
        """The same with the parts exchanged."""
        return Halves(self.kept, self.known, self.fresh, self.seen)


@dataclass(frozen=True, slots=True, eq=False)
class Points:
    """The points of the halves, (n, c) each, in one space."""

    known: FloatArray
    kept: FloatArray
    seen: FloatArray
    fresh: FloatArray


def cut(reference: Sample, window: Sample, *, seed: int) -> Halves | None:
    """Halves of the rows that have what is compared; None with fewer than 100 such rows of a side.

    Args:
        reference: at most 2,000 of its rows are looked at.
        window: at most 2,000 of its rows are looked at.
        seed: of the halves.
    """
    rows_of = _embedded if has_embeddings(reference, window) else _worded
    sides = [rows_of(sample, side) for side, sample in (("reference", reference), ("window", window))]
    if min(map(len, sides)) < _FEWEST_ROWS:
        return None
    generator = np.random.default_rng(seed)
    old, new = (generator.permutation(rows)[:_MAX_ROWS] for rows in sides)
    n, m = len(old) // 2, len(new) // 2
    return Halves(old[:n], old[n:], new[:m], new[m:])


def has_embeddings(reference: Sample, window: Sample) -> bool:
    """Whether both samples have them."""
    return reference.embeddings is not None and window.embeddings is not None


def _embedded(sample: Sample, side: str) -> IntArray:
    try:
        return columns.embedded_rows(sample, side=side)
    except MissingColumn:
        return np.empty(0, dtype=np.int64)


def _worded(sample: Sample, _: str) -> IntArray:
    return np.array([row for row, text in enumerate(sample.texts) if text], dtype=np.int64)


def whole_space(reference: Sample, window: Sample, halves: Halves, *, seed: int) -> Points | None:
    """All rows by their embeddings, or by their words where there are none; None without either.

    What is fitted is fitted on known rows or on all of them alike, so that kept, seen and fresh rows are
    exchangeable while nothing has changed.
    """
    if has_embeddings(reference, window):
        known, kept, seen, fresh = (
            np.asarray(sample.embeddings, dtype=np.float32)[rows]
            for sample, rows in _parts(reference, window, halves)
        )
        whitening = kernel.fit_whitening(known, components=_COMPONENTS)
        return Points(*(whitening.apply(rows) for rows in (known, kept, seen, fresh)))
    return _latent(reference, window, halves, seed=seed)


def _latent(reference: Sample, window: Sample, halves: Halves, *, seed: int) -> Points | None:
    from scipy.sparse import vstack
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    parts = [_texts(sample, rows) for sample, rows in _parts(reference, window, halves)]
    try:
        vectorizer = TfidfVectorizer(sublinear_tf=True, min_df=_FEWEST_TEXTS)
        vectorizer.fit([text for part in parts for text in part])
    except ValueError:
        # No word occurs in three texts.
        return None
    matrices = [vectorizer.transform(part) for part in parts]
    size = min(_COMPONENTS, matrices[0].shape[1] - 1)
    if size < 1:
        return None
    svd = TruncatedSVD(size, random_state=seed).fit(vstack(matrices))
    return Points(*(_unit(svd.transform(matrix)) for matrix in matrices))


def new_word_space(reference: Sample, window: Sample, halves: Halves, *, seed: int) -> Points | None:
    """Rows by the words that the seen rows use more than the known ones; None where texts or words are few.

    An encoder that was trained for one decision blurs topics that do not matter for it; words do not. Each
    word counts by its log-odds z-score, and words that occur together are drawn to one direction by a
    singular value decomposition of the seen rows. A text without such words is the origin.
    """
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import CountVectorizer

    known, kept, seen, fresh = (_texts(sample, rows) for sample, rows in _parts(reference, window, halves))
    if min(map(len, map(_filled, (known, kept, seen, fresh)))) < _FEWEST_ROWS // 2:
        return None
    vectorizer = CountVectorizer(binary=True, token_pattern=WORD, min_df=_FEWEST_TEXTS)
    try:
        counts = vectorizer.fit_transform(seen)
    except ValueError:
        return None
    ours = np.asarray(counts.sum(axis=0), dtype=np.float64).ravel()
    theirs = np.asarray(vectorizer.transform(known).sum(axis=0), dtype=np.float64).ravel()
    z_scores = log_odds_z(np.stack([theirs, ours]), np.array([len(known), len(seen)]))
    more = np.flatnonzero(z_scores >= _LEAST_Z)
    if len(more) < 2:
        return None

    def weighted(texts: Sequence[str]) -> Any:  # noqa: ANN401 - scipy has no types
        return vectorizer.transform(texts)[:, more].multiply(z_scores[more]).tocsr()

    size = min(_COMPONENTS, len(more) - 1)
    svd = TruncatedSVD(size, random_state=seed).fit(weighted(seen))
    return Points(*(_unit(svd.transform(weighted(texts))) for texts in (known, kept, seen, fresh)))


def _parts(reference: Sample, window: Sample, halves: Halves) -> tuple[tuple[Sample, IntArray], ...]:
    return (
        (reference, halves.known),
        (reference, halves.kept),
        (window, halves.seen),
        (window, halves.fresh),
    )


def _texts(sample: Sample, rows: IntArray) -> list[str]:
    return [sample.texts[row] or "" for row in rows]


def _filled(texts: Sequence[str]) -> list[str]:
    return [text for text in texts if text]


def _unit(rows: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 0, lengths, 1.0), dtype=np.float32)
