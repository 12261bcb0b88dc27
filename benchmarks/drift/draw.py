"""Trials from the scored texts: disjoint reference and window from one domain, or with a foreign share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from benchmarks.drift.features import MOVIE, concatenate
from modelmonitor.demo.data import Corpus
from modelmonitor.sample import Sample


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """A reference and a window without a common row."""

    reference: Sample
    window: Sample


def without_drift(
    movie: Sample, *, trials: int, n_reference: int, n_window: int, seed: int
) -> Iterator[Trial]:
    """Trials without drift, each a fresh draw without replacement from the domain.

    Given the domain's sentences the trials are independent and reference and window of a trial are
    exchangeable, so the number of false alarms is binomial. Two disjoint draws from a finite population
    differ in their means with variance S^2 (1/n + 1/m), just as two samples of an infinite one: the reuse of
    sentences over trials neither narrows nor widens the null.
    """
    generator = np.random.default_rng(seed)
    for _ in range(trials):
        rows = generator.permutation(len(movie))
        yield Trial(movie.take(rows[:n_reference]), movie.take(rows[n_reference : n_reference + n_window]))


def mixed_window(
    samples: Mapping[Corpus, Sample],
    free: np.ndarray[tuple[int], np.dtype[np.int64]],
    *,
    foreign: Corpus | None,
    share: float,
    n: int,
    generator: np.random.Generator,
) -> Sample:
    """A window of n rows: movie reviews out of `free` and a share of a foreign domain, none twice."""
    count = round(share * n) if foreign else 0
    own = samples[MOVIE].take(generator.choice(free, size=n - count, replace=False))
    if not foreign or not count:
        return own
    rows = generator.choice(len(samples[foreign]), size=count, replace=False)
    return concatenate([own, samples[foreign].take(rows)])
