"""Simulated hours of traffic out of real scored texts, reduced to the sums that every rule is computed from.

Reference and traffic are drawn independently, with replacement, from one finite population of real texts.
So they have exactly the same distribution while nothing drifts, which a reference and a stream from two
disjoint parts of a small corpus do not have; ties do no harm to permutation tests in which both sides have
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from modelmonitor.detect.fourier import fit_map
from modelmonitor.sample import Sample

DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

FREQUENCIES: Final = 512
WORDS: Final = 2500


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """Texts of one domain as feature rows.

    Attributes:
        fourier: (n, f) random Fourier features of the embedding, rows of length 1.
        words: (n, v) sparse TF-IDF rows of length 1 or 0.
        confidence: (n,) of the predicted class.
        positive: (n,) whether class 1 was predicted.
    """

    fourier: npt.NDArray[np.float32]
    words: Any
    confidence: DoubleArray
    positive: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.confidence)


@dataclass(frozen=True, slots=True, eq=False)
class Hours:
    """Sums of each of t hours, n predictions each.

    Attributes:
        fourier: (t, f) sums of rows.
        words: (t, v) sums of rows.
        word_norms: (t,) sums of squared lengths of the TF-IDF rows.
        confidence: (t, n) the confidences.
        positive: (t,) predictions of class 1.
    """

    fourier: DoubleArray
    words: DoubleArray
    word_norms: DoubleArray
    confidence: DoubleArray
    positive: DoubleArray

    @property
    def rows(self) -> int:
        """Predictions of an hour."""
        return self.confidence.shape[1]


def populations(domains: dict[str, Sample], *, home: str, seed: int) -> dict[str, Population]:
    """The domains in one feature space; bandwidth, directions and vocabulary come from a part of `home`."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    generator = np.random.default_rng(seed)
    base = domains[home].embeddings
    assert base is not None  # noqa: S101 - the benchmark's own features have embeddings
    some = base[generator.choice(len(base), size=min(2000, len(base)), replace=False)]
    fourier = fit_map(some, components=64, frequencies=FREQUENCIES, seed=seed)
    texts = [text or "" for sample in domains.values() for text in sample.texts]
    words = TfidfVectorizer(sublinear_tf=True, strip_accents="unicode", min_df=2, max_features=WORDS)
    words.fit(texts)
    return {
        name: Population(
            fourier=fourier.features(np.asarray(sample.embeddings, dtype=np.float32)),
            words=words.transform([text or "" for text in sample.texts]).tocsr(),
            confidence=sample.confidence.astype(np.float64),
            positive=sample.predicted == 1,
        )
        for name, sample in domains.items()
    }


def draw_rows(population: Population, n: int, *, generator: np.random.Generator) -> Population:
    """N rows with replacement."""
    rows = generator.integers(0, len(population), n)
    return Population(
        population.fourier[rows],
        population.words[rows],
        population.confidence[rows],
        population.positive[rows],
    )


def hours(
    home: Population,
    foreign: Population,
    *,
    shares: DoubleArray,
    per_hour: int,
    generator: np.random.Generator,
) -> Hours:
    """Hours whose expected share of foreign predictions is given.

    Args:
        home: normal traffic.
        foreign: what drifts in.
        shares: (t,) share of foreign predictions of each hour.
        per_hour: predictions of an hour.
        generator: of every draw.
    """
    mine = generator.integers(0, len(home), (len(shares), per_hour))
    theirs = generator.integers(0, len(foreign), (len(shares), per_hour))
    strange = generator.random((len(shares), per_hour)) < shares[:, None]
    return Hours(
        fourier=_mixed_sums(home.fourier, foreign.fourier, mine, theirs, strange),
        words=_mixed_word_sums(home.words, foreign.words, mine, theirs, strange),
        word_norms=_norms(home, mine, ~strange) + _norms(foreign, theirs, strange),
        confidence=np.where(strange, foreign.confidence[theirs], home.confidence[mine]),
        positive=np.where(strange, foreign.positive[theirs], home.positive[mine]).sum(axis=1).astype(float),
    )


def _mixed_sums(
    home: npt.NDArray[np.float32],
    foreign: npt.NDArray[np.float32],
    mine: IntArray,
    theirs: IntArray,
    strange: npt.NDArray[np.bool_],
) -> DoubleArray:
    sums = np.empty((len(mine), home.shape[1]))
    for hour in range(len(mine)):
        kept, new = mine[hour][~strange[hour]], theirs[hour][strange[hour]]
        sums[hour] = home[kept].sum(axis=0, dtype=np.float64)
        if len(new):
            sums[hour] += foreign[new].sum(axis=0, dtype=np.float64)
    return sums


def _mixed_word_sums(
    home: Any,  # noqa: ANN401 - scipy has no types
    foreign: Any,  # noqa: ANN401 - scipy has no types
    mine: IntArray,
    theirs: IntArray,
    strange: npt.NDArray[np.bool_],
) -> DoubleArray:
    sums: DoubleArray = _selection(mine, ~strange, len_of=home.shape[0]) @ home
    return np.asarray((sums + _selection(theirs, strange, len_of=foreign.shape[0]) @ foreign).todense())


def _selection(rows: IntArray, chosen: npt.NDArray[np.bool_], *, len_of: int) -> Any:  # noqa: ANN401 - scipy has no types
    from scipy.sparse import csr_matrix

    hour = np.broadcast_to(np.arange(len(rows))[:, None], rows.shape)[chosen]
    return csr_matrix((np.ones(len(hour)), (hour, rows[chosen])), shape=(len(rows), len_of))


def _norms(population: Population, rows: IntArray, chosen: npt.NDArray[np.bool_]) -> DoubleArray:
    squared = np.asarray(population.words.multiply(population.words).sum(axis=1)).ravel()
    norms: DoubleArray = np.where(chosen, squared[rows], 0.0).sum(axis=1)
    return norms
