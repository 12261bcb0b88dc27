"""Kolmogorov-Smirnov test of the confidence, or of every class probability."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from modelmonitor.detect import columns
from modelmonitor.detect.finding import Finding
from modelmonitor.sample import FloatArray, Sample

Feature = Literal["confidence", "probabilities"]
FEATURES: tuple[Feature, ...] = get_args(Feature)
EFFECT = "largest gap between the two cumulative distributions, 0 to 1"


def compared_columns(sample: Sample, feature: Feature) -> FloatArray:
    """(n, c) columns to compare; of two class probabilities one, since it determines the other."""
    if feature == "confidence":
        return columns.confidence(sample)[:, None]
    return columns.compared_probabilities(sample)


def combined_p_value(p_values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """One p-value for "no column changed": the smallest times the number of columns (Bonferroni), never 0."""
    return float(np.clip(p_values.min() * len(p_values), np.finfo(np.float32).tiny, 1.0))


def significant_distance(level: float, n: int, m: int) -> float:
    """Distance from which on the asymptotic two-sample test is significant at `level`, at most 1."""
    return min(1.0, math.sqrt(-math.log(level / 2.0) / 2.0 * (n + m) / (n * m)))


@dataclass(frozen=True, slots=True)
class KolmogorovSmirnov:
    """Did the distribution of the model's confidence (or of its class probabilities) change?

    Attributes:
        feature: "confidence", or "probabilities" for every column with a Bonferroni correction.
    """

    feature: Feature = "confidence"

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples; `seed` is not used, the test is not random."""
        from scipy.stats import ks_2samp

        left, right = (compared_columns(sample, self.feature) for sample in (reference, window))
        tests = [ks_2samp(left[:, j], right[:, j]) for j in range(left.shape[1])]
        return finding(
            reference,
            window,
            feature=self.feature,
            backend="native",
            distances=np.array([float(test.statistic) for test in tests]),
            p_values=np.array([float(test.pvalue) for test in tests]),
            level=level,
        )


def finding(
    reference: Sample,
    window: Sample,
    *,
    feature: Feature,
    backend: str,
    distances: np.ndarray[tuple[int], np.dtype[np.float64]],
    p_values: np.ndarray[tuple[int], np.dtype[np.float64]],
    level: float,
) -> Finding:
    """The finding that follows from one distance and p-value for each column, whatever computed them."""
    distance = float(distances.max())
    return Finding(
        detector="ks",
        backend=backend,
        feature=feature,
        statistic=distance,
        p_value=combined_p_value(p_values),
        effect_size=distance,
        effect_name=EFFECT,
        n_reference=len(reference),
        n_window=len(window),
        parameters={"columns": str(len(distances)), "correction": "bonferroni"},
        significant_effect=significant_distance(level / len(distances), len(reference), len(window)),
    )
