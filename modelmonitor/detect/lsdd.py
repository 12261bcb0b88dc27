"""Least-squares density difference on embeddings: cheap, because rows meet a few centres only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelmonitor.detect import columns, kernel, mmd
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.missing import NothingToCompare
from modelmonitor.detect.permutation import (
    DoubleArray,
    assignments,
    critical_value,
    permutations_for,
    rank_p_value,
)
from modelmonitor.sample import FloatArray, Sample

EFFECT = "distance of the two densities in units of the reference's density without sampling noise, 0 = same"
ROWS_PER_CENTRE = 20
LARGEST_RELATIVE_DIFFERENCE = 0.2
_REGULARISATIONS = tuple(4.0**-power for power in range(10))
_FEWEST_CENTRES = 2


@dataclass(frozen=True, slots=True, eq=False)
class DensityModel:
    """Rows described by their similarity to kernel centres, and the quadratic form that is the distance.

    Attributes:
        similarities: (n, c) kernel values; the reference without its centres first, then the window.
        form: (c, c); the distance of two mean similarities h is h' form h.
        n_reference: rows of the reference that are not centres.
    """

    similarities: DoubleArray
    form: DoubleArray
    n_reference: int

    def distances(self, in_window: DoubleArray) -> DoubleArray:
        """(b,) distances for (n, b) assignments, 1 = window, every column with the same sum."""
        window = self.similarities.T @ in_window
        rest = self.similarities.sum(axis=0)[:, None] - window
        size = in_window[:, 0].sum()
        gaps = rest / (len(in_window) - size) - window / size
        return np.asarray(np.einsum("cb,cb->b", gaps, self.form @ gaps))

    @property
    def reference_norm(self) -> float:
        """The squared size of the reference's own density, the unit of the effect."""
        mean = self.similarities[: self.n_reference].mean(axis=0)
        return float(mean @ self.form @ mean)


def density_model(pooled: mmd.Pool, *, permuted: DoubleArray, seed: int) -> DensityModel:
    """Centres drawn from the reference and set aside, and the least regularisation that is stable.

    Source: Bu, Alippi and Zhao, A pdf-free change detection test based on density difference estimation,
    IEEE TNNLS 29 (2018), equations 7 to 11 and appendix A. alibi-detect's LSDDDrift does the same.

    Args:
        pooled: rows of both samples, reference first.
        permuted: (n - centres, b) random assignments on which the regularisation is chosen.
        seed: of the choice of centres.
    """
    chosen = np.zeros(len(pooled.rows), dtype=bool)
    chosen[columns.chosen_rows(pooled.n_reference, at_most=centre_count(pooled), seed=seed)] = True
    similarities = _kernel(pooled.rows[~chosen], pooled.rows[chosen], sigma=pooled.sigma)
    overlap = _kernel(pooled.rows[chosen], pooled.rows[chosen], sigma=pooled.sigma * np.sqrt(2.0))
    size = permuted[:, 0].sum()
    window = similarities.T @ permuted
    gaps = (similarities.sum(axis=0)[:, None] - window) / (len(permuted) - size) - window / size
    return DensityModel(similarities, _quadratic_form(overlap, gaps), pooled.n_reference - int(chosen.sum()))


def centre_count(pooled: mmd.Pool) -> int:
    """How many reference rows become centres: one in twenty."""
    return max(_FEWEST_CENTRES, pooled.n_reference // ROWS_PER_CENTRE)


def effect_size(distance: float, *, null_median: float, reference_norm: float) -> float:
    """Root of what exceeds the median without drift, in units of the reference's own density."""
    return float(np.sqrt(max(0.0, distance - null_median) / reference_norm)) if reference_norm > 0 else 0.0


def _kernel(left: FloatArray, right: FloatArray, *, sigma: float) -> DoubleArray:
    distances = kernel.squared_distances(left, right).astype(np.float64)
    return np.asarray(np.exp(distances / (-2.0 * sigma**2)))


def _quadratic_form(overlap: DoubleArray, gaps: DoubleArray) -> DoubleArray:
    identity = np.eye(len(overlap))
    for regularisation in _REGULARISATIONS:
        inverse = np.linalg.inv(overlap + regularisation * identity)
        form: DoubleArray = 2.0 * inverse - inverse.T @ overlap @ inverse
        weights = inverse @ gaps
        linear = np.einsum("cb,cb->b", gaps, weights)
        quadratic = np.einsum("cb,cb->b", weights, overlap @ weights)
        if float(np.mean(1.0 - quadratic / np.maximum(linear, 1e-300))) < LARGEST_RELATIVE_DIFFERENCE:
            return form
    msg = "the embeddings repeat too often for a density difference: choose detector mmd"
    raise NothingToCompare(msg)


@dataclass(frozen=True, slots=True)
class LeastSquaresDensityDifference:
    """Do the embeddings of the window have the density of the reference?

    Attributes:
        components: principal components compared; 0 compares raw embeddings.
        max_rows: rows used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    components: int = 32
    max_rows: int = 2000
    max_permutations: int = 19_999

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by a permutation test, exact given the centres.

        Raises:
            MissingColumn: a sample has no embeddings.
            NothingToCompare: nearly all embeddings are equal.
        """
        pooled = mmd.pool(reference, window, components=self.components, max_rows=self.max_rows, seed=seed)
        permutations = permutations_for(level, per_level=10, at_most=self.max_permutations)
        rest = len(pooled.rows) - centre_count(pooled)
        in_window = np.arange(rest) >= rest - pooled.n_window
        first = next(assignments(in_window, permutations, seed))
        model = density_model(pooled, permuted=first.astype(np.float64), seed=seed)
        distance = float(model.distances(in_window[:, None].astype(np.float64))[0])
        permuted = np.concatenate(
            [
                model.distances(chunk.astype(np.float64))
                for chunk in assignments(in_window, permutations, seed)
            ]
        )
        return finding(
            pooled,
            distance=distance,
            permuted=permuted,
            reference_norm=model.reference_norm,
            level=level,
            parameters=mmd.parameters(
                pooled, components=self.components, permutations=permutations, seed=seed
            ),
        )


def finding(
    pooled: mmd.Pool,
    *,
    distance: float,
    permuted: DoubleArray,
    reference_norm: float,
    level: float,
    parameters: dict[str, str],
) -> Finding:
    """The finding that follows from the distance and the permuted ones."""
    median = float(np.median(permuted))
    critical = critical_value(permuted, level)
    sized = {"null_median": median, "reference_norm": reference_norm}
    return Finding(
        detector="lsdd",
        backend="native",
        feature="embedding",
        statistic=distance,
        p_value=rank_p_value(distance, permuted),
        effect_size=effect_size(distance, **sized),
        effect_name=EFFECT,
        n_reference=pooled.n_reference,
        n_window=pooled.n_window,
        parameters=parameters,
        smallest_p_value=1.0 / (len(permuted) + 1),
        significant_effect=None if critical is None else effect_size(critical, **sized),
    )
