"""`ContextMMDDrift` (pytorch) on the same rows, contexts and bandwidths as our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import context_mmd
from modelmonitor.detect.alibi import corrected_p_value, gaussian_kernel, load_alibi, predict, seeded
from modelmonitor.detect.catalogue import ALIBI
from modelmonitor.detect.context_mmd import ContextPool
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.permutation import permutations_for
from modelmonitor.sample import FloatArray, Sample

# Every permutation inverts two matrices: this keeps a run to about a minute on one core.
MAX_ROWS = 300
MAX_PERMUTATIONS = 999
_LANDMARKS = 60


@dataclass(frozen=True, slots=True)
class AlibiContextAwareMeanDiscrepancy:
    """`ContextMMDDrift` by its pytorch backend.

    Attributes:
        components: principal components compared; 0 compares raw embeddings.
        max_rows: rows used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    components: int = 32
    max_rows: int = MAX_ROWS
    max_permutations: int = MAX_PERMUTATIONS

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by a conditional permutation test.

        Raises:
            MissingBackend: alibi-detect is not installed.
            MissingColumn: a sample has no embeddings.
        """
        pooled = context_mmd.pool_with_contexts(
            reference, window, components=self.components, max_rows=self.max_rows, seed=seed
        )
        permutations = permutations_for(level, per_level=2, at_most=self.max_permutations)
        data = _context_drift(pooled, permutations=permutations, seed=seed)
        statistic = float(data["distance"])
        return Finding(
            detector="context-mmd",
            backend=ALIBI,
            feature="embedding",
            statistic=statistic,
            p_value=corrected_p_value(data, permutations),
            effect_size=context_mmd.effect_size(
                statistic,
                null_median=float(data["distance_threshold"]),
                similarity=context_mmd.reference_similarity(pooled),
            ),
            effect_name=context_mmd.EFFECT,
            n_reference=pooled.n_reference,
            n_window=pooled.n_window,
            parameters={
                "bandwidth": f"{pooled.sigma:.6g}",
                "context": "probabilities",
                "permutations": str(permutations),
                "seed": str(seed),
            },
            smallest_p_value=1.0 / (permutations + 1),
        )


def _context_drift(pooled: ContextPool, *, permutations: int, seed: int) -> Mapping[str, Any]:
    """What `ContextMMDDrift.predict` says; at p_val 0.5 its threshold is the null's median."""
    alibi = load_alibi()
    n = pooled.n_reference
    with seeded(seed):
        detector = alibi.ContextMMDDrift(
            pooled.rows[:n],
            pooled.contexts[:n],
            backend="pytorch",
            p_val=0.5,
            n_permutations=permutations,
            x_kernel=gaussian_kernel(pooled.sigma),
            c_kernel=gaussian_kernel(pooled.context_sigma),
            device="cpu",
        )
        # Its own needs CalibratedClassifierCV(cv="prefit"), which scikit-learn 1.8 removed.
        detector._detector.clf = _Propensity(pooled.context_sigma)  # noqa: SLF001
        return predict(detector, pooled.rows[n:], pooled.contexts[n:])


class _Propensity:
    """How likely a row with this context is from the window, in the shape that ContextMMDDrift asks for."""

    def __init__(self, sigma: float) -> None:
        from sklearn.kernel_approximation import Nystroem
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline

        self._model = make_pipeline(
            Nystroem(gamma=1.0 / (2.0 * sigma**2), n_components=_LANDMARKS, random_state=0),
            LogisticRegression(max_iter=1000),
        )

    def fit(self, contexts: FloatArray, in_window: FloatArray) -> None:
        """Learn from (n, k) contexts and 0/1 labels."""
        landmarks = min(_LANDMARKS, len(contexts))
        self._model.set_params(nystroem__n_components=landmarks).fit(contexts, in_window)

    def calibrate(self, contexts: FloatArray, in_window: FloatArray) -> None:
        """Nothing to do: logistic regression gives probabilities."""

    def predict(self, contexts: FloatArray) -> npt.NDArray[np.float64]:
        """(n,) probabilities."""
        return np.asarray(self._model.predict_proba(contexts)[:, 1])
