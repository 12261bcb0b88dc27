"""Cramér-von Mises test of the confidence, or of every class probability: gaps over the whole range count."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelmonitor.detect.finding import Finding
from modelmonitor.detect.ks import Feature, compared_columns
from modelmonitor.detect.permutation import DoubleArray
from modelmonitor.sample import Sample

EFFECT = "root mean squared gap between the two cumulative distributions without sampling noise, 0 to 0.58"
# The null distribution is summed as a series: below this its value is rounding, not probability.
SMALLEST_P_VALUE = 1e-12


def unbiased_gap(statistic: float, n: int, m: int) -> float:
    """Root of the mean squared gap of two cumulative distributions, from the statistic T of the test.

    T's expectation without a difference, (1 + 1/(n+m)) / 6, is taken off; 0 where T is below it.
    Source: Anderson, On the distribution of the two-sample Cramér-von Mises criterion, 1962, equation 8.
    """
    expected = (1.0 + 1.0 / (n + m)) / 6.0
    return math.sqrt(max(0.0, statistic - expected) * (n + m) / (n * m))


@dataclass(frozen=True, slots=True)
class CramerVonMises:
    """Did the distribution of the model's confidence (or of its class probabilities) change anywhere?

    Attributes:
        feature: "confidence", or "probabilities" for every column with a Bonferroni correction.
    """

    feature: Feature = "confidence"

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples; `seed` is not used, the test is not random."""
        from scipy.stats import cramervonmises_2samp

        left, right = (compared_columns(sample, self.feature) for sample in (reference, window))
        tests = [cramervonmises_2samp(left[:, j], right[:, j]) for j in range(left.shape[1])]
        return finding(
            reference,
            window,
            feature=self.feature,
            backend="native",
            statistics=np.array([float(test.statistic) for test in tests]),
            p_values=np.array([float(test.pvalue) for test in tests]),
            level=level,
        )


def finding(
    reference: Sample,
    window: Sample,
    *,
    feature: Feature,
    backend: str,
    statistics: DoubleArray,
    p_values: DoubleArray,
    level: float,
) -> Finding:
    """The finding that follows from one statistic and p-value for each column, whatever computed them."""
    n, m = len(reference), len(window)
    statistic = float(statistics.max())
    return Finding(
        detector="cramer-von-mises",
        backend=backend,
        feature=feature,
        statistic=statistic,
        p_value=float(np.clip(p_values.min() * len(p_values), SMALLEST_P_VALUE, 1.0)),
        effect_size=unbiased_gap(statistic, n, m),
        effect_name=EFFECT,
        n_reference=n,
        n_window=m,
        parameters={"columns": str(len(statistics)), "correction": "bonferroni"},
        smallest_p_value=SMALLEST_P_VALUE,
        significant_effect=_significant_gap(level / len(statistics), n, m),
    )


def _significant_gap(level: float, n: int, m: int) -> float:
    """Gap from which on the test is significant, by the leading term of the null distribution's tail.

    The statistic tends to the sum of z_j^2 / (j pi)^2; far out its first term decides, and the others add
    their mean, 1/6 - 1/pi^2.
    """
    from scipy.stats import chi2

    leading = 1.0 / math.pi**2
    return unbiased_gap(float(chi2.isf(level, df=1)) * leading + 1.0 / 6.0 - leading, n, m)
