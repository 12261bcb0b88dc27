"""TF-IDF similarity of two sets of texts, with a null distribution from permuted texts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import columns
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.missing import NothingToCompare
from modelmonitor.detect.permutation import DoubleArray, MeanSimilarities, permutation_test, permutations_for
from modelmonitor.sample import Sample

Analyzer = Literal["word", "char"]
ANALYZERS: tuple[Analyzer, ...] = get_args(Analyzer)
EFFECT = (
    "1 - cosine similarity of the mean TF-IDF vectors without sampling noise, 0 = same words, 1 = none shared"
)
SparseMatrix = Any
_NEVER_ZERO = 1e-12
_WORD = r"(?u)\b\w+\b"


def vectors(texts: list[str], *, analyzer: Analyzer) -> SparseMatrix:
    """(n, v) sparse TF-IDF rows of length 1 (0 for a text without any known word).

    Vocabulary and weights come from all texts of both samples. Fitted on the reference alone they would make
    it look more alike than any new text (all its words are known), and a permutation test would raise false
    alarms. Words of a single text are left out: they cannot make two texts similar.

    Raises:
        NothingToCompare: no word occurs in two texts.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(
        analyzer=analyzer,
        ngram_range=(1, 1) if analyzer == "word" else (1, 2),
        token_pattern=_WORD if analyzer == "word" else None,
        strip_accents="unicode",
        sublinear_tf=True,
        min_df=2,
    )
    try:
        return vectorizer.fit_transform(texts).tocsr()
    except ValueError as error:
        msg = (
            "no word occurs in two of the texts, so their words cannot be compared: "
            "for a language without spaces set the detector's params to analyzer: char"
        )
        raise NothingToCompare(msg) from error


def sparse_similarities(rows: SparseMatrix, assignments: npt.NDArray[np.bool_]) -> MeanSimilarities:
    """Mean dot product of two different rows for b assignments, by one sparse matrix product.

    Args:
        rows: (n, v) sparse.
        assignments: (n, b), True = window; every column with the same number of True.
    """
    window = np.ascontiguousarray(assignments, dtype=np.float64)
    m = int(assignments[:, 0].sum())
    n = len(window) - m
    own, total = _row_norms(rows), np.asarray(rows.sum(axis=0)).ravel()
    # The sums of one sample are enough: those of the other are what is left of the total.
    sums = rows.T @ window
    squared = np.einsum("ij,ij->j", sums, sums)
    with_total = (rows @ total) @ window
    own_window = own @ window
    others = float(total @ total) - 2.0 * with_total + squared
    return MeanSimilarities(
        reference=(others - (own.sum() - own_window)) / (n * (n - 1)),
        window=(squared - own_window) / (m * (m - 1)),
        between=(with_total - squared) / (n * m),
    )


def _row_norms(rows: SparseMatrix) -> DoubleArray:
    return np.asarray(rows.multiply(rows).sum(axis=1)).ravel()


def cosine_distance(means: MeanSimilarities) -> DoubleArray:
    """1 - cosine of the two population means; the norms leave out each row's similarity to itself."""
    norms = np.maximum(means.reference, _NEVER_ZERO) * np.maximum(means.window, _NEVER_ZERO)
    distance: DoubleArray = 1.0 - means.between / np.sqrt(norms)
    return distance


@dataclass(frozen=True, slots=True)
class TfidfSimilarity:
    """Does the window use the words of the reference as often as the reference does?

    Attributes:
        analyzer: "word", or "char" for languages without spaces between words.
        max_rows: texts used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    analyzer: Analyzer = "word"
    max_rows: int = 10_000
    max_permutations: int = 19_999

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by an exact permutation test; `statistic` is the similarity, 1 = same words.

        Raises:
            MissingColumn: a sample kept no texts.
            NothingToCompare: no word occurs in two texts.
        """
        left, right = (
            columns.chosen_texts(sample, side=side, max_rows=self.max_rows, seed=seed)
            for side, sample in (("reference", reference), ("window", window))
        )
        rows = vectors(left + right, analyzer=self.analyzer)
        test = permutation_test(
            partial(sparse_similarities, rows),
            cosine_distance,
            n_reference=len(left),
            n_window=len(right),
            permutations=permutations_for(level, per_level=10, at_most=self.max_permutations),
            level=level,
            seed=seed,
        )
        return Finding(
            detector="tfidf-similarity",
            backend="native",
            feature="text",
            statistic=1.0 - test.statistic,
            p_value=test.p_value,
            effect_size=float(np.clip(test.statistic, 0.0, 1.0)),
            effect_name=EFFECT,
            n_reference=len(left),
            n_window=len(right),
            parameters={
                "analyzer": self.analyzer,
                "words": str(rows.shape[1]),
                "permutations": str(test.permutations),
                "seed": str(seed),
            },
            smallest_p_value=1.0 / (test.permutations + 1),
            significant_effect=None if test.critical is None else float(np.clip(test.critical, 0.0, 1.0)),
        )
