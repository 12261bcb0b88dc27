"""The Gaussian kernel on whitened embeddings: what both backends of the MMD detector compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelmonitor.detect.permutation import DoubleArray, MeanSimilarities
from modelmonitor.sample import FloatArray

_BANDWIDTH_ROWS = 1000
_ROWS_PER_COMPONENT = 4
_NEGLIGIBLE_VARIANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """A linear map to directions of equal variance.

    Attributes:
        centre: (d,) what is subtracted.
        directions: (d, c) principal directions, each scaled to variance 1.
    """

    centre: DoubleArray
    directions: DoubleArray

    def apply(self, rows: FloatArray) -> FloatArray:
        """(n, c) float32 whitened rows."""
        return np.asarray((rows - self.centre) @ self.directions, dtype=np.float32)


def fit_whitening(rows: FloatArray, *, components: int) -> Whitening:
    """Leading principal components of the rows, each scaled to variance 1.

    A classifier's embedding varies mostly along its own decision; without whitening that one direction hides
    a change of topic or style.

    Args:
        rows: (n, d).
        components: how many, at most n/4 and d; 0 leaves the space as it is.
    """
    if components == 0:
        return Whitening(np.zeros(rows.shape[1]), np.eye(rows.shape[1]))
    centre = rows.mean(axis=0, dtype=np.float64)
    centred = rows - centre
    variances, directions = np.linalg.eigh(centred.T @ centred / len(rows))
    largest = variances[-1]
    keep = min(components, max(1, len(rows) // _ROWS_PER_COMPONENT), rows.shape[1])
    kept = [i for i in range(-1, -keep - 1, -1) if variances[i] > _NEGLIGIBLE_VARIANCE * max(largest, 1e-12)]
    return Whitening(centre, directions[:, kept] / np.sqrt(variances[kept]))


def whitened(pooled: FloatArray, *, components: int) -> FloatArray:
    """Pooled rows of both samples in a space fitted on all of them, so that permutations stay exact."""
    return pooled if components == 0 else fit_whitening(pooled, components=components).apply(pooled)


def squared_distances(left: FloatArray, right: FloatArray) -> FloatArray:
    """(n, m) squared Euclidean distances, float32."""
    distances = left @ right.T
    distances *= -2.0
    distances += np.square(left).sum(axis=1)[:, None]
    distances += np.square(right).sum(axis=1)[None, :]
    return np.maximum(distances, 0.0, out=distances)


def median_bandwidth(pooled: FloatArray, *, seed: int) -> float:
    """The median heuristic: sigma with 2 sigma^2 = median squared distance, on at most 1,000 rows.

    Source: Gretton et al., A kernel two-sample test, JMLR 13 (2012), section 8. The rows are chosen without
    regard to which sample they are from, so a permutation test stays exact. 1.0 if all rows are equal.
    """
    count = min(len(pooled), _BANDWIDTH_ROWS)
    rows = pooled[np.random.default_rng(seed).choice(len(pooled), size=count, replace=False)]
    distances = squared_distances(rows, rows)[np.triu_indices(count, k=1)]
    median = float(np.median(distances)) if len(distances) else 0.0
    return float(np.sqrt(median / 2.0)) if median > 0 else 1.0


def gaussian_gram(pooled: FloatArray, *, sigma: float) -> FloatArray:
    """(n, n) float32 kernel values exp(-|x-y|^2 / (2 sigma^2)) with a zero diagonal."""
    gram = squared_distances(pooled, pooled)
    gram *= -1.0 / (2.0 * sigma**2)
    np.exp(gram, out=gram)
    np.fill_diagonal(gram, 0.0)
    return gram


def gram_similarities(gram: FloatArray, assignments: npt.NDArray[np.bool_]) -> MeanSimilarities:
    """Mean similarities of b assignments by one matrix product.

    Args:
        gram: (n, n) symmetric with zero diagonal.
        assignments: (n, b), True = window; every column with the same number of True.
    """
    window = assignments.astype(np.float32)
    m = int(assignments[:, 0].sum())
    n = len(gram) - m
    to_window = gram @ window
    within = np.einsum("ij,ij->j", window, to_window, dtype=np.float64)
    across = to_window.sum(axis=0, dtype=np.float64) - within
    rest: DoubleArray = float(gram.sum(dtype=np.float64)) - within - 2.0 * across
    return MeanSimilarities(
        reference=rest / (n * (n - 1)), window=within / (m * (m - 1)), between=across / (n * m)
    )


def mmd_squared(means: MeanSimilarities) -> DoubleArray:
    """Unbiased squared maximum mean discrepancy (Gretton et al. 2012, lemma 6)."""
    return means.reference + means.window - 2.0 * means.between
