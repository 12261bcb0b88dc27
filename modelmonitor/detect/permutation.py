"""Permutation tests of two samples whose statistic depends only on three mean similarities."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]
Statistic = Callable[["MeanSimilarities"], DoubleArray]

FEWEST_PERMUTATIONS = 199
_CHUNK = 256


@dataclass(frozen=True, slots=True, eq=False)
class MeanSimilarities:
    """Mean similarity of two different rows, for each of b assignments of the pooled rows to two samples.

    Attributes:
        reference: (b,) both rows from the reference.
        window: (b,) both rows from the window.
        between: (b,) one row from each.
    """

    reference: DoubleArray
    window: DoubleArray
    between: DoubleArray


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """Result of a one-sided permutation test, large statistics count against the null.

    Attributes:
        statistic: the observed statistic.
        p_value: (k+1)/(B+1) with k of B permutations at least as large (Phipson & Smyth 2010).
        permutations: B.
        critical: the statistic above which the test is significant at the level; None if B is too small.
        observed: mean similarities of the observed assignment, (1,) each.
    """

    statistic: float
    p_value: float
    permutations: int
    critical: float | None
    observed: MeanSimilarities


def permutations_for(level: float, *, per_level: int, at_most: int) -> int:
    """Number B of permutations: the smallest with 1/(B+1) <= level/per_level, from 199 to `at_most`."""
    wanted = max(math.ceil(per_level / level) - 1, FEWEST_PERMUTATIONS)
    return min(wanted, at_most)


def rank_p_value(observed: float, permuted: DoubleArray) -> float:
    """(k+1)/(B+1), where k of the B permuted statistics reach the observed one up to rounding."""
    reached = int(np.count_nonzero(permuted >= observed - 1e-9 * abs(observed)))
    return (reached + 1) / (len(permuted) + 1)


def critical_rank(level: float, permutations: int) -> int:
    """The largest k with (k+1)/(B+1) <= level; -1 if B is too small for the level."""
    return math.floor(level * (permutations + 1) + 1e-9) - 1


def critical_value(permuted: DoubleArray, level: float) -> float | None:
    """The value that an observed statistic must exceed to have a p-value of at most `level`."""
    rank = critical_rank(level, len(permuted))
    return float(np.sort(permuted)[::-1][min(rank, len(permuted) - 1)]) if rank >= 0 else None


def permutation_test(
    similarities: Callable[[npt.NDArray[np.bool_]], MeanSimilarities],
    statistic: Statistic,
    *,
    n_reference: int,
    n_window: int,
    permutations: int,
    level: float,
    seed: int,
) -> PermutationTest:
    """Compare the observed assignment of pooled rows with random ones.

    Args:
        similarities: mean similarities for a (rows, b) matrix of assignments, True = window. Pooled rows are
            the reference rows followed by the window rows.
        statistic: large values count against "same distribution".
        n_reference: rows of the reference.
        n_window: rows of the window.
        permutations: B.
        level: the level for `critical`.
        seed: of the random assignments.
    """
    in_window = np.arange(n_reference + n_window) >= n_reference
    observed = similarities(in_window[:, None])
    value = float(statistic(observed)[0])
    permuted = np.concatenate(
        [statistic(similarities(chunk)) for chunk in assignments(in_window, permutations, seed)]
    )
    return PermutationTest(
        value, rank_p_value(value, permuted), permutations, critical_value(permuted, level), observed
    )


def assignments(
    in_window: npt.NDArray[np.bool_], permutations: int, seed: int
) -> Iterator[npt.NDArray[np.bool_]]:
    """Random permutations of an (n,) assignment, True = window, as (n, up to 256) columns at a time."""
    generator = np.random.default_rng(seed)
    for start in range(0, permutations, _CHUNK):
        count = min(_CHUNK, permutations - start)
        yield generator.permuted(np.tile(in_window, (count, 1)), axis=1).T
