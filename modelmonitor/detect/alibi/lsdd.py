"""`LSDDDrift` (pytorch) on the same whitened embeddings and bandwidth as our own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelmonitor.detect import lsdd, mmd
from modelmonitor.detect.alibi import corrected_p_value, lsdd_of_scaled_rows, p_val_for, predict, seeded
from modelmonitor.detect.catalogue import ALIBI
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.permutation import assignments, permutations_for
from modelmonitor.sample import Sample

MAX_PERMUTATIONS = 4999
MAX_ROWS = 1000


@dataclass(frozen=True, slots=True)
class AlibiLeastSquaresDensityDifference:
    """`LSDDDrift` by its pytorch backend.

    Attributes:
        components: principal components compared; 0 compares raw embeddings.
        max_rows: rows used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    components: int = 32
    max_rows: int = MAX_ROWS
    max_permutations: int = MAX_PERMUTATIONS

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by a permutation test.

        alibi-detect tells neither the null's median nor the size of the reference's density, which the effect
        is measured by: they come from our own model of the same rows.

        Raises:
            MissingBackend: alibi-detect is not installed.
            MissingColumn: a sample has no embeddings.
        """
        detector_class = lsdd_of_scaled_rows()
        pooled = mmd.pool(reference, window, components=self.components, max_rows=self.max_rows, seed=seed)
        permutations = permutations_for(level, per_level=10, at_most=self.max_permutations)
        with seeded(seed):
            detector = detector_class(
                pooled.rows[: pooled.n_reference],
                p_val=p_val_for(level, permutations),
                sigma=np.array([pooled.sigma], dtype=np.float32),
                n_permutations=permutations,
                n_kernel_centers=lsdd.centre_count(pooled),
                device="cpu",
            )
            data = predict(detector, pooled.rows[pooled.n_reference :])
        distance = float(data["distance"])
        median, norm = _scale(pooled, seed=seed)
        sized = {"null_median": median, "reference_norm": norm}
        return Finding(
            detector="lsdd",
            backend=ALIBI,
            feature="embedding",
            statistic=distance,
            p_value=corrected_p_value(data, permutations),
            effect_size=lsdd.effect_size(distance, **sized),
            effect_name=lsdd.EFFECT,
            n_reference=pooled.n_reference,
            n_window=pooled.n_window,
            parameters=mmd.parameters(
                pooled, components=self.components, permutations=permutations, seed=seed
            ),
            smallest_p_value=1.0 / (permutations + 1),
            significant_effect=lsdd.effect_size(float(data["distance_threshold"]), **sized),
        )


def _scale(pooled: mmd.Pool, *, seed: int) -> tuple[float, float]:
    """Median distance without drift, and the squared size of the reference's density."""
    rest = len(pooled.rows) - lsdd.centre_count(pooled)
    first = next(assignments(np.arange(rest) >= rest - pooled.n_window, 256, seed)).astype(np.float64)
    model = lsdd.density_model(pooled, permuted=first, seed=seed)
    return float(np.median(model.distances(first))), model.reference_norm
