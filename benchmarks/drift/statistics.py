"""p-values and effects of the four default tests for every hour at once, from sums of hours.

The statistics are those of the native detectors. Their p-values come from 2,000 permutations of one pool for
each reference and number of rows, with the tail beyond them by a Pearson type III fit to three moments
(research on permutation tails: Knijnenburg et al. 2009 discuss such fits); the simulation itself checks them,
because it counts how often each test fires without drift.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from benchmarks.drift.stream import DoubleArray, Hours, Population

PERMUTATIONS: Final = 2000
_CHUNK: Final = 250
# Several rules ask for the same test of the same hours.
_KEPT: Final = 16


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """One test of the window that ends with each hour, (t,); p = 1 where the window is not full yet."""

    p_values: DoubleArray
    effects: DoubleArray


@dataclass(frozen=True, slots=True)
class Null:
    """Moments of a statistic while nothing drifts."""

    mean: float
    spread: float
    skewness: float

    def p_values(self, statistics: DoubleArray) -> DoubleArray:
        """Upper tail probabilities."""
        from scipy.stats import pearson3

        found: DoubleArray = pearson3.sf((statistics - self.mean) / self.spread, self.skewness)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A drawn reference with what the tests need of it.

    Attributes:
        nulls: by (test, rows of the window).
    """

    rows: Population
    fourier_sum: DoubleArray
    word_sum: DoubleArray
    word_norm: float
    nulls: dict[tuple[str, int], Null]

    def __len__(self) -> int:
        return len(self.rows)


def prepare(rows: Population, twin: Population, *, sizes: tuple[int, ...], seed: int) -> Reference:
    """A reference with the null distributions for windows of the given sizes.

    Args:
        rows: the reference.
        twin: other rows of the same population, at least as many as the largest size.
        sizes: rows of the windows.
        seed: of the permutations.
    """
    norms = np.asarray(rows.words.multiply(rows.words).sum(axis=1)).ravel()
    nulls = {
        (name, n): _null(left, right, n, cosine=name == "tfidf-similarity", seed=seed)
        for name, left, right in (
            ("mmd", rows.fourier, twin.fourier),
            ("tfidf-similarity", rows.words, twin.words),
        )
        for n in sizes
    }
    return Reference(
        rows=rows,
        fourier_sum=rows.fourier.sum(axis=0, dtype=np.float64),
        word_sum=np.asarray(rows.words.sum(axis=0)).ravel(),
        word_norm=float(norms.sum()),
        nulls=nulls,
    )


@lru_cache(maxsize=_KEPT)
def mmd(reference: Reference, traffic: Hours, *, length: int) -> Tested:
    """The MMD test of the last `length` hours."""
    sums, n = _windows(traffic.fourier, length), length * traffic.rows
    similarity = _similarities(
        sums,
        reference.fourier_sum,
        own=np.full(len(sums), float(n)),
        own_reference=float(len(reference)),
        n=n,
        m=len(reference),
    )
    statistics = similarity[0] + similarity[1] - 2.0 * similarity[2]
    effects = np.sqrt(np.maximum(statistics, 0.0) / (1.0 - float(similarity[1])))
    return _tested(reference, "mmd", n, statistics, effects, length=length)


@lru_cache(maxsize=_KEPT)
def tfidf(reference: Reference, traffic: Hours, *, length: int) -> Tested:
    """The test of mean TF-IDF vectors of the last `length` hours."""
    sums, n = _windows(traffic.words, length), length * traffic.rows
    own = _windows(traffic.word_norms[:, None], length).ravel()
    within, rest, between = _similarities(
        sums, reference.word_sum, own=own, own_reference=reference.word_norm, n=n, m=len(reference)
    )
    statistics = 1.0 - between / np.sqrt(within * rest)
    return _tested(reference, "tfidf-similarity", n, statistics, np.clip(statistics, 0.0, 1.0), length=length)


@lru_cache(maxsize=_KEPT)
def chi_square(reference: Reference, traffic: Hours, *, length: int) -> Tested:
    """The test of the mix of two predicted classes; the effect is Cramér's V."""
    from scipy.stats import chi2

    n, m = length * traffic.rows, len(reference)
    positive = _windows(traffic.positive[:, None], length).ravel()
    before = float(reference.rows.positive.sum())
    pooled = (positive + before) / (n + m)
    statistics = (positive / n - before / m) ** 2 / (pooled * (1.0 - pooled) * (1.0 / n + 1.0 / m))
    p_values = chi2.sf(statistics, 1)
    return Tested(
        _padded(p_values, length, fill=1.0), _padded(np.sqrt(statistics / (n + m)), length, fill=0.0)
    )


@lru_cache(maxsize=_KEPT)
def ks(reference: Reference, traffic: Hours, *, length: int, only_a_fall: bool = True) -> Tested:
    """The Kolmogorov-Smirnov test of the confidence; a rise is no difference if only a fall matters."""
    from scipy.stats import kstwobign

    distances = np.maximum(*(np.abs(side).max(axis=1) for side in _ecdf_gaps(reference, traffic, length)))
    n, m = length * traffic.rows, len(reference)
    p_values = kstwobign.sf(distances * np.sqrt(n * m / (n + m)))
    if only_a_fall:
        means = _windows(traffic.confidence.sum(axis=1)[:, None], length).ravel() / n
        p_values = np.where(means < reference.rows.confidence.mean(), p_values, 1.0)
    return Tested(_padded(p_values, length, fill=1.0), _padded(distances, length, fill=0.0))


def normed_wasserstein(reference: Reference, traffic: Hours, *, length: int) -> DoubleArray:
    """(t,) Wasserstein distance of the confidence in units of the reference's standard deviation."""
    gaps, _ = _ecdf_gaps(reference, traffic, length)
    values = np.unique(reference.rows.confidence)
    distances = np.abs(gaps[:, :-1]) @ np.diff(values) / reference.rows.confidence.std()
    return _padded(distances, length, fill=0.0)


@lru_cache(maxsize=_KEPT)
def _ecdf_gaps(reference: Reference, traffic: Hours, length: int) -> tuple[DoubleArray, DoubleArray]:
    """(w, u) window minus reference distribution at, and just below, each value of the reference."""
    values, counts = np.unique(reference.rows.confidence, return_counts=True)
    share = np.cumsum(counts) / len(reference)
    n = length * traffic.rows
    gaps = []
    for side, known in (("left", share), ("right", share - counts / len(reference))):
        place = np.searchsorted(values, traffic.confidence, side=side)
        hourly = np.stack([np.bincount(hour, minlength=len(values) + 1)[: len(values)] for hour in place])
        gaps.append(np.cumsum(_windows(hourly.astype(np.float64), length), axis=1) / n - known)
    return gaps[0], gaps[1]


def _windows(hourly: DoubleArray, length: int) -> DoubleArray:
    """(t - length + 1, …) sums over the last `length` hours."""
    total = np.cumsum(hourly, axis=0)
    windows: DoubleArray = total[length - 1 :].copy()
    windows[1:] -= total[:-length]
    return windows


def _similarities(
    sums: DoubleArray, reference_sum: DoubleArray, *, own: DoubleArray, own_reference: float, n: int, m: int
) -> tuple[DoubleArray, float, DoubleArray]:
    """Mean similarity of two rows of the window, of the reference, and of one from each."""
    within = (np.einsum("ij,ij->i", sums, sums) - own) / (n * (n - 1))
    rest = (float(reference_sum @ reference_sum) - own_reference) / (m * (m - 1))
    return within, rest, sums @ reference_sum / (n * m)


def _tested(
    reference: Reference, name: str, n: int, statistics: DoubleArray, effects: DoubleArray, *, length: int
) -> Tested:
    p_values = reference.nulls[name, n].p_values(statistics)
    return Tested(_padded(p_values, length, fill=1.0), _padded(effects, length, fill=0.0))


def _padded(values: DoubleArray, length: int, *, fill: float) -> DoubleArray:
    return np.concatenate([np.full(length - 1, fill), values])


def _null(left: Any, right: Any, n: int, *, cosine: bool, seed: int) -> Null:  # noqa: ANN401 - dense or sparse
    from scipy.sparse import issparse, vstack
    from scipy.stats import skew

    sparse = issparse(left)
    pool = (
        vstack([left, right[:n]]).tocsr() if sparse else np.concatenate([left, right[:n]]).astype(np.float32)
    )
    own = np.asarray(pool.multiply(pool).sum(axis=1)).ravel() if sparse else np.ones(pool.shape[0])
    total = np.asarray(pool.sum(axis=0)).ravel()
    m, generator = left.shape[0], np.random.default_rng(seed)
    found = []
    for _ in range(PERMUTATIONS // _CHUNK):
        chosen = _assignments(m + n, n, generator=generator)
        sums = np.asarray(pool.T @ chosen.T).T if sparse else chosen @ pool
        found.append(
            _statistics(
                sums.astype(np.float64),
                total,
                own_window=chosen @ own,
                own=own.sum(),
                n=n,
                m=m,
                cosine=cosine,
            )
        )
    statistics = np.concatenate(found)
    return Null(float(statistics.mean()), float(statistics.std()), float(skew(statistics)))


def _assignments(rows: int, n: int, *, generator: np.random.Generator) -> npt.NDArray[np.float32]:
    template = (np.arange(rows) < n).astype(np.float32)
    return generator.permuted(np.tile(template, (_CHUNK, 1)), axis=1)


def _statistics(
    sums: DoubleArray,
    total: DoubleArray,
    *,
    own_window: DoubleArray,
    own: float,
    n: int,
    m: int,
    cosine: bool,
) -> DoubleArray:
    rest = total - sums
    within = (np.einsum("ij,ij->i", sums, sums) - own_window) / (n * (n - 1))
    others = (np.einsum("ij,ij->i", rest, rest) - (own - own_window)) / (m * (m - 1))
    between = np.einsum("ij,ij->i", sums, rest) / (n * m)
    return 1.0 - between / np.sqrt(within * others) if cosine else within + others - 2.0 * between
