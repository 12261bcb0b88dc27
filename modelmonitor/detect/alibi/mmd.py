"""`MMDDrift` (pytorch) on the same whitened embeddings and bandwidth as our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelmonitor.detect import kernel, mmd
from modelmonitor.detect.alibi import corrected_p_value, load_alibi, p_val_for, predict, reached, seeded
from modelmonitor.detect.catalogue import ALIBI
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.permutation import permutations_for
from modelmonitor.sample import Sample

# One permutation re-indexes the whole kernel matrix: these bounds keep a run to about a minute on one core.
MAX_PERMUTATIONS = 1999
MAX_ROWS = 1000
SCREENING_PERMUTATIONS = 49
_CLEAR_COUNT = 5


@dataclass(frozen=True, slots=True)
class AlibiMaximumMeanDiscrepancy:
    """`MMDDrift` by its pytorch backend.

    Attributes:
        components: principal components compared; 0 compares raw embeddings.
        max_rows: rows used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    components: int = 64
    max_rows: int = MAX_ROWS
    max_permutations: int = MAX_PERMUTATIONS

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by a permutation test.

        Where a few permutations already rule out significance the rest is not drawn. It can only turn a
        significant result into one that is not, so the level holds.

        Raises:
            MissingBackend: alibi-detect is not installed.
            MissingColumn: a sample has no embeddings.
        """
        pooled = mmd.pool(reference, window, components=self.components, max_rows=self.max_rows, seed=seed)
        permutations = permutations_for(level, per_level=2, at_most=self.max_permutations)
        drawn = min(SCREENING_PERMUTATIONS, permutations)
        data = _mmd_drift(pooled, permutations=drawn, level=level, seed=seed)
        if not _clearly_not_significant(data, drawn, level):
            drawn = permutations
            data = _mmd_drift(pooled, permutations=drawn, level=level, seed=seed)
        statistic = float(data["distance"])
        similarity = _reference_similarity(pooled)
        return Finding(
            detector="mmd",
            backend=ALIBI,
            feature="embedding",
            statistic=statistic,
            p_value=corrected_p_value(data, drawn),
            effect_size=mmd.effect_size(statistic, similarity),
            effect_name=mmd.EFFECT,
            n_reference=pooled.n_reference,
            n_window=pooled.n_window,
            parameters=mmd.parameters(pooled, components=self.components, permutations=drawn, seed=seed),
            smallest_p_value=1.0 / (permutations + 1),
            significant_effect=mmd.effect_size(float(data["distance_threshold"]), similarity),
        )


def _mmd_drift(pooled: mmd.Pool, *, permutations: int, level: float, seed: int) -> Mapping[str, Any]:
    """What `MMDDrift.predict` says."""
    alibi = load_alibi()
    with seeded(seed):
        detector = alibi.MMDDrift(
            pooled.rows[: pooled.n_reference],
            backend="pytorch",
            p_val=p_val_for(level, permutations),
            sigma=np.array([pooled.sigma], dtype=np.float32),
            configure_kernel_from_x_ref=False,
            n_permutations=permutations,
            device="cpu",
        )
        return predict(detector, pooled.rows[pooled.n_reference :])


def _clearly_not_significant(data: Mapping[str, Any], permutations: int, level: float) -> bool:
    return reached(data, permutations) >= _CLEAR_COUNT and corrected_p_value(data, permutations) > level


def _reference_similarity(pooled: mmd.Pool) -> float:
    reference = pooled.rows[: pooled.n_reference]
    gram = kernel.gaussian_gram(reference, sigma=pooled.sigma)
    return float(gram.sum(dtype=np.float64)) / (len(reference) * (len(reference) - 1))
