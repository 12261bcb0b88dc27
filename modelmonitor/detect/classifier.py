"""Classifier two-sample test: can a linear classifier tell window from reference on rows it has not seen?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import columns
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.permutation import (
    DoubleArray,
    assignments,
    critical_value,
    permutations_for,
    rank_p_value,
)
from modelmonitor.detect.tfidf import vectors
from modelmonitor.sample import FloatArray, Sample

Feature = Literal["embedding", "text"]
FEATURES: tuple[Feature, ...] = get_args(Feature)
EFFECT = "2 AUC - 1 of a domain classifier on unseen rows, 0 = cannot tell, 1 = always can"
FOLDS = 5
RIDGE = 1.0
_TEXT_COMPONENTS = 128
_CHANCE = 0.5
_NEVER_ZERO = 1e-6


def described(
    reference: Sample, window: Sample, *, feature: Feature, max_rows: int, seed: int
) -> list[FloatArray]:
    """Rows of both samples, scaled alike, as the classifier sees them: [reference, window].

    Centre, scale and (for texts) the leading directions of the TF-IDF vectors come from both samples
    together, so a permutation test stays exact.

    Raises:
        MissingColumn: a sample has no embeddings or texts.
        NothingToCompare: no word occurs in two texts.
    """
    if feature == "text":
        texts = [
            columns.chosen_texts(s, side=side, max_rows=max_rows, seed=seed)
            for side, s in _sides(reference, window)
        ]
        pooled, first = _leading_directions(texts[0] + texts[1], seed=seed), len(texts[0])
    else:
        rows = [
            _chosen_rows(s, side=side, max_rows=max_rows, seed=seed) for side, s in _sides(reference, window)
        ]
        pooled, first = np.concatenate(rows), len(rows[0])
    centred = pooled - pooled.mean(axis=0, dtype=np.float64)
    scaled = np.asarray(centred / max(float(centred.std()), _NEVER_ZERO), dtype=np.float32)
    return [scaled[:first], scaled[first:]]


def _sides(reference: Sample, window: Sample) -> tuple[tuple[str, Sample], tuple[str, Sample]]:
    return (("reference", reference), ("window", window))


def _chosen_rows(sample: Sample, *, side: str, max_rows: int, seed: int) -> FloatArray:
    rows = columns.embeddings(sample, side=side)
    return rows[columns.chosen_rows(len(rows), at_most=max_rows, seed=seed)]


def _leading_directions(texts: list[str], *, seed: int) -> FloatArray:
    from sklearn.decomposition import TruncatedSVD

    rows = vectors(texts, analyzer="word")
    components = min(_TEXT_COMPONENTS, rows.shape[1] - 1, rows.shape[0] - 1)
    if components < 1:
        return np.asarray(rows.toarray(), dtype=np.float32)
    return np.asarray(TruncatedSVD(components, random_state=seed).fit_transform(rows), dtype=np.float32)


def fold_numbers(rows: int, *, seed: int) -> npt.NDArray[np.int64]:
    """(rows,) fold 0 to 4 of each row, at random and without regard to which sample it is from."""
    return np.random.default_rng(seed).permutation(np.arange(rows) % FOLDS)


@dataclass(frozen=True, slots=True, eq=False)
class CrossFit:
    """Ridge classifiers of all folds, prepared so that a labelling costs two matrix products.

    A ridge regression on 0/1 labels has the direction of Fisher's discriminant, and its scores are linear in
    the labels: every permutation is refitted on every fold, which is what makes the test exact.

    Attributes:
        rows: (n, d) of both samples.
        folds: (n,) fold of each row.
    """

    rows: FloatArray
    folds: npt.NDArray[np.int64]

    def areas(self, in_window: npt.NDArray[np.bool_]) -> DoubleArray:
        """(b,) mean AUC over the held-out folds for (n, b) assignments, True = window."""
        labels = in_window.astype(np.float32)
        parts = [self._fold_areas(fold, labels) for fold in range(FOLDS)]
        return np.asarray(np.mean(parts, axis=0), dtype=np.float64)

    def _fold_areas(self, fold: int, labels: FloatArray) -> DoubleArray:
        held_out = self.folds == fold
        seen = self.rows[~held_out]
        centred = seen - seen.mean(axis=0)
        spread = centred.T @ centred
        spread[np.diag_indices_from(spread)] += RIDGE * len(seen)
        weights = np.linalg.solve(spread, centred.T @ (labels[~held_out] - labels[~held_out].mean(axis=0)))
        return area_under_curve(self.rows[held_out] @ weights, labels[held_out] > 0)


def area_under_curve(scores: FloatArray, positive: npt.NDArray[np.bool_]) -> DoubleArray:
    """(b,) areas under the ROC curve of (n, b) scores; 0.5 for a column with one class only."""
    count = positive.sum(axis=0).astype(np.float64)
    order = np.argsort(scores, axis=0, kind="stable")
    ranks = np.arange(1, len(scores) + 1, dtype=np.float64)[:, None]
    rank_sum = (np.take_along_axis(positive, order, axis=0) * ranks).sum(axis=0)
    pairs = count * (len(scores) - count)
    with np.errstate(divide="ignore", invalid="ignore"):
        area = (rank_sum - count * (count + 1) / 2.0) / pairs
    return np.where(pairs > 0, area, _CHANCE)


@dataclass(frozen=True, slots=True)
class DomainClassifier:
    """Can a linear classifier tell window from reference?

    Attributes:
        feature: "embedding", or "text" for the TF-IDF vectors of the texts.
        max_rows: rows used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    feature: Feature = "embedding"
    max_rows: int = 2000
    max_permutations: int = 9999

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by an exact permutation test of the cross-fitted AUC.

        Raises:
            MissingColumn: a sample has no embeddings or texts.
            NothingToCompare: no word occurs in two texts.
        """
        sides = described(reference, window, feature=self.feature, max_rows=self.max_rows, seed=seed)
        n, m = len(sides[0]), len(sides[1])
        fit = CrossFit(np.concatenate(sides), fold_numbers(n + m, seed=seed))
        in_window = np.arange(n + m) >= n
        area = float(fit.areas(in_window[:, None])[0])
        permutations = permutations_for(level, per_level=10, at_most=self.max_permutations)
        permuted = np.concatenate(list(_permuted(fit, in_window, permutations, seed)))
        critical = critical_value(permuted, level)
        return finding(
            area,
            feature=self.feature,
            backend="native",
            sizes=(n, m),
            p_value=rank_p_value(area, permuted),
            parameters={
                "folds": str(FOLDS),
                "ridge": str(RIDGE),
                "permutations": str(permutations),
                "seed": str(seed),
            },
            smallest_p_value=1.0 / (permutations + 1),
            significant_effect=None if critical is None else effect_size(critical),
        )


def _permuted(
    fit: CrossFit, in_window: npt.NDArray[np.bool_], permutations: int, seed: int
) -> Iterator[DoubleArray]:
    return (fit.areas(chunk) for chunk in assignments(in_window, permutations, seed))


def effect_size(area: float) -> float:
    """2 AUC - 1, not below 0: the chance of telling a pair apart beyond guessing."""
    return max(0.0, 2.0 * area - 1.0)


def finding(
    area: float,
    *,
    feature: Feature,
    backend: str,
    sizes: tuple[int, int],
    p_value: float,
    parameters: dict[str, str],
    smallest_p_value: float,
    significant_effect: float | None,
) -> Finding:
    """The finding that follows from the area under the curve, whatever computed it."""
    return Finding(
        detector="classifier",
        backend=backend,
        feature=feature,
        statistic=area,
        p_value=p_value,
        effect_size=effect_size(area),
        effect_name=EFFECT,
        n_reference=sizes[0],
        n_window=sizes[1],
        parameters=parameters,
        smallest_p_value=smallest_p_value,
        significant_effect=significant_effect,
    )
