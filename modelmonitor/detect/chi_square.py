"""Chi-square test of the mix of predicted classes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from modelmonitor.detect import columns
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.permutation import permutations_for, rank_p_value
from modelmonitor.sample import IntArray, Sample

EFFECT = "share of the predictions that moved to another class (total variation), 0 to 1"
_BINARY = 2
_BOOTSTRAPS = 1000
_MAX_PERMUTATIONS = 99_999


def contingency(reference: Sample, window: Sample) -> IntArray:
    """(2, k) counts of the classes that were predicted at all: reference, then window."""
    table = np.stack([columns.class_counts(reference), columns.class_counts(window)])
    seen: IntArray = table[:, table.sum(axis=0) > 0]
    return seen


def total_variation(table: IntArray) -> float:
    """Half the sum of the differences of the class shares, 0 to 1."""
    shares = table / table.sum(axis=1, keepdims=True)
    return float(np.abs(shares[0] - shares[1]).sum() / 2.0)


def chi_square(table: IntArray) -> float:
    """Pearson's statistic; two classes with the continuity correction of Yates."""
    from scipy.stats import chi2_contingency

    return float(chi2_contingency(table).statistic)


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """Did the share of each predicted class change?"""

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples; the p-value counts tables with the same margins, at any number of rows.

        Two classes: all of them, exactly. More: random ones, a permutation test of the rows.
        """
        table = contingency(reference, window)
        statistic = chi_square(table)
        if table.shape[1] <= _BINARY:
            return finding(
                table,
                statistic=statistic,
                p_value=exact_p_value(table),
                backend="native",
                level=level,
                seed=seed,
            )
        permutations = permutations_for(level, per_level=20, at_most=_MAX_PERMUTATIONS)
        return finding(
            table,
            statistic=statistic,
            p_value=_random_table_p_value(table, permutations, seed),
            backend="native",
            level=level,
            seed=seed,
            permutations=permutations,
        )


def exact_p_value(table: IntArray) -> float:
    """Probability, given the margins, of a (2, 2) table at least as far from expectation as this one.

    The conditional test of Fisher with the tables ordered by Pearson's statistic; 1 for a single class.
    """
    from scipy.stats import hypergeom

    if table.shape[1] == 1:
        return 1.0
    total, positive = int(table.sum()), int(table[:, 0].sum())
    row = int(table.sum(axis=1).argmin())
    size, seen = int(table[row].sum()), int(table[row, 0])
    possible = np.arange(max(0, size + positive - total), min(size, positive) + 1)
    expected = size * positive / total
    as_far = np.abs(possible - expected) >= abs(seen - expected) - 1e-9
    return float(hypergeom.pmf(possible[as_far], total, positive, size).sum())


def finding(
    table: IntArray,
    *,
    statistic: float,
    p_value: float,
    backend: str,
    level: float,
    seed: int,
    permutations: int = 0,
) -> Finding:
    """The finding that follows from the table of counts; permutations = 0 where none were drawn."""
    reference, window = (int(count) for count in table.sum(axis=1))
    return Finding(
        detector="chi-square",
        backend=backend,
        feature="predicted class",
        statistic=statistic,
        p_value=float(np.clip(p_value, np.finfo(np.float32).tiny, 1.0)),
        effect_size=total_variation(table),
        effect_name=EFFECT,
        n_reference=reference,
        n_window=window,
        parameters={"permutations": str(permutations), "seed": str(seed)},
        smallest_p_value=1.0 / (permutations + 1) if permutations else 0.0,
        significant_effect=_significant_variation(table, level),
        effect_interval=_bootstrap_interval(table, seed),
    )


def _random_table_p_value(table: IntArray, permutations: int, seed: int) -> float:
    """Rank of the observed table among random ones with the same margins, by distance from expectation."""
    generator = np.random.default_rng(seed)
    totals, size = table.sum(axis=0), int(table[1].sum())
    draws = generator.multivariate_hypergeometric(totals, size, size=permutations)
    expected = totals * size / totals.sum()
    distance = np.square(draws - expected) / expected
    observed = float((np.square(table[1] - expected) / expected).sum())
    return rank_p_value(observed, distance.sum(axis=1))


def _significant_variation(table: IntArray, level: float) -> float | None:
    """Shift between the two most frequent classes from which on the test is significant at `level`."""
    from scipy.stats import chi2

    if table.shape[1] == 1:
        return None
    n, m = (int(count) for count in table.sum(axis=1))
    frequent = np.sort(table.sum(axis=0) / (n + m))[-2:]
    critical = float(chi2.isf(level, df=table.shape[1] - 1))
    return min(1.0, math.sqrt(critical * (n + m) / (n * m) / float((1.0 / frequent).sum())))


def _bootstrap_interval(table: IntArray, seed: int) -> tuple[float, float]:
    """Basic 95 % bootstrap interval of the total variation, cut to 0 to 1."""
    generator = np.random.default_rng(seed)
    shares = table / table.sum(axis=1, keepdims=True)
    sizes = table.sum(axis=1)
    reference, window = (
        generator.multinomial(sizes[i], shares[i], size=_BOOTSTRAPS) / sizes[i] for i in range(2)
    )
    draws = np.abs(reference - window).sum(axis=1) / 2.0
    low, high = np.quantile(draws, [0.025, 0.975])
    observed = total_variation(table)
    return (float(np.clip(2 * observed - high, 0.0, 1.0)), float(np.clip(2 * observed - low, 0.0, 1.0)))
