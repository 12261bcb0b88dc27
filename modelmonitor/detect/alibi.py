"""The detectors of alibi-detect 0.13 behind our interface.

Licence: alibi-detect since 0.11.5 is source-available under the Business Source License 1.1, which allows
non-production use only; production needs a licence from its owner. `backend: native` needs none.

Three things are corrected here: its permutation p-values are k/B and can be 0, ours are (k+1)/(B+1); it reads
torch's global random state, which is seeded for the call and put back; it logs and warns, which is silenced.
"""

from __future__ import annotations

import contextlib
import logging
import os
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import chi_square, kernel, ks, mmd
from modelmonitor.detect.catalogue import ALIBI
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.missing import MissingBackend
from modelmonitor.detect.permutation import critical_rank, permutations_for
from modelmonitor.sample import Sample

BACKEND = ALIBI
# One permutation re-indexes the whole kernel matrix: these bounds keep a run to about a minute on one core.
MAX_PERMUTATIONS = 1999
MAX_ROWS = 1000
SCREENING_PERMUTATIONS = 49
_CLEAR_COUNT = 5


def _alibi() -> ModuleType:
    """The module `alibi_detect.cd`, imported without its log lines.

    Raises:
        MissingBackend: alibi-detect is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    logging.getLogger("alibi_detect").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import alibi_detect.cd as alibi
    except ImportError as error:
        raise MissingBackend(BACKEND, "alibi") from error
    loaded: ModuleType = alibi
    return loaded


@contextlib.contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Seed torch for the block and restore its random state afterwards."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        yield


class _AlibiDetector(Protocol):
    def predict(self, x: npt.NDArray[Any]) -> Mapping[str, Mapping[str, Any]]: ...


def _predict(detector: _AlibiDetector, rows: npt.NDArray[Any]) -> Mapping[str, Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return detector.predict(rows)["data"]


@dataclass(frozen=True, slots=True)
class AlibiKolmogorovSmirnov:
    """`KSDrift` on the confidence, or on every class probability.

    Attributes:
        feature: "confidence", or "probabilities" for every column with a Bonferroni correction.
    """

    feature: ks.Feature = "confidence"

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples; `seed` is not used, the test is not random.

        Raises:
            MissingBackend: alibi-detect is not installed.
        """
        left, right = (ks.compared_columns(sample, self.feature) for sample in (reference, window))
        data = _predict(_alibi().KSDrift(left, p_val=level), right)
        return ks.finding(
            reference,
            window,
            feature=self.feature,
            backend=BACKEND,
            distances=np.asarray(data["distance"], dtype=np.float64),
            p_values=np.asarray(data["p_val"], dtype=np.float64),
            level=level,
        )


@dataclass(frozen=True, slots=True)
class AlibiChiSquare:
    """`ChiSquareDrift` on the predicted class; asymptotic for small counts too."""

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples; `seed` is of the interval of the effect.

        Raises:
            MissingBackend: alibi-detect is not installed.
        """
        # Without given categories it counts the classes that occur: one that never does would divide by zero.
        detector = _alibi().ChiSquareDrift(reference.predicted[:, None], p_val=level)
        data = _predict(detector, window.predicted[:, None])
        return chi_square.finding(
            chi_square.contingency(reference, window),
            statistic=float(data["distance"][0]),
            p_value=float(data["p_val"][0]),
            backend=BACKEND,
            level=level,
            seed=seed,
        )


@dataclass(frozen=True, slots=True)
class AlibiMaximumMeanDiscrepancy:
    """`MMDDrift` (pytorch) on the same whitened embeddings and bandwidth as our own.

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
            backend=BACKEND,
            feature="embedding",
            statistic=statistic,
            p_value=(_reached(data, drawn) + 1) / (drawn + 1),
            effect_size=mmd.effect_size(statistic, similarity),
            effect_name=mmd.EFFECT,
            n_reference=pooled.n_reference,
            n_window=pooled.n_window,
            parameters=mmd.parameters(pooled, components=self.components, permutations=drawn, seed=seed),
            smallest_p_value=1.0 / (permutations + 1),
            significant_effect=mmd.effect_size(float(data["distance_threshold"]), similarity),
        )


def _mmd_drift(pooled: mmd.Pool, *, permutations: int, level: float, seed: int) -> Mapping[str, Any]:
    """What `MMDDrift.predict` says; its threshold is taken at the rank that (k+1)/(B+1) <= level allows."""
    alibi = _alibi()
    rank = max(critical_rank(level, permutations), 0)
    with _seeded(seed):
        detector = alibi.MMDDrift(
            pooled.rows[: pooled.n_reference],
            backend="pytorch",
            p_val=(rank + 0.5) / permutations,
            sigma=np.array([pooled.sigma], dtype=np.float32),
            configure_kernel_from_x_ref=False,
            n_permutations=permutations,
            device="cpu",
        )
        return _predict(detector, pooled.rows[pooled.n_reference :])


def _reached(data: Mapping[str, Any], permutations: int) -> int:
    """How many permutations were at least as large as the observed statistic."""
    return round(float(data["p_val"]) * permutations)


def _clearly_not_significant(data: Mapping[str, Any], permutations: int, level: float) -> bool:
    reached = _reached(data, permutations)
    return reached >= _CLEAR_COUNT and (reached + 1) / (permutations + 1) > level


def _reference_similarity(pooled: mmd.Pool) -> float:
    reference = pooled.rows[: pooled.n_reference]
    gram = kernel.gaussian_gram(reference, sigma=pooled.sigma)
    return float(gram.sum(dtype=np.float64)) / (len(reference) * (len(reference) - 1))
