"""`KSDrift`, `CVMDrift` and `ChiSquareDrift`: tests of one column, without permutations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelmonitor.detect import chi_square, cramer_von_mises, ks
from modelmonitor.detect.alibi import load_alibi, predict
from modelmonitor.detect.catalogue import ALIBI
from modelmonitor.detect.finding import Finding
from modelmonitor.sample import Sample


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
        data = predict(load_alibi().KSDrift(left, p_val=level), right)
        return ks.finding(
            reference,
            window,
            feature=self.feature,
            backend=ALIBI,
            distances=np.asarray(data["distance"], dtype=np.float64),
            p_values=np.asarray(data["p_val"], dtype=np.float64),
            level=level,
        )


@dataclass(frozen=True, slots=True)
class AlibiCramerVonMises:
    """`CVMDrift` on the confidence, or on every class probability.

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
        data = predict(load_alibi().CVMDrift(left, p_val=level), right)
        return cramer_von_mises.finding(
            reference,
            window,
            feature=self.feature,
            backend=ALIBI,
            statistics=np.asarray(data["distance"], dtype=np.float64),
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
        detector = load_alibi().ChiSquareDrift(reference.predicted[:, None], p_val=level)
        data = predict(detector, window.predicted[:, None])
        return chi_square.finding(
            chi_square.contingency(reference, window),
            statistic=float(data["distance"][0]),
            p_value=float(data["p_val"][0]),
            backend=ALIBI,
            level=level,
            seed=seed,
        )
