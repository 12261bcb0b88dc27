"""Context-aware MMD: do the embeddings differ beyond what a changed mix of predictions explains?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import columns, kernel, mmd
from modelmonitor.detect.conditional import ConditionalMmd, conditional_mmd
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.permutation import DoubleArray, critical_value, permutations_for, rank_p_value
from modelmonitor.sample import FloatArray, Sample

EFFECT = "distance of the kernel means at equal predictions in units of the reference's own spread, 0 = same"
HELD_SHARE = 0.25
SCREENING_PERMUTATIONS = 99
_CLEAR_COUNT = 10


@dataclass(frozen=True, slots=True, eq=False)
class ContextPool:
    """Rows of both samples with their contexts, reference first.

    Attributes:
        rows: (n, c) whitened embeddings.
        contexts: (n, k) class probabilities; one column for two classes.
        n_reference: rows of the reference.
        sigma: bandwidth for the rows.
        context_sigma: bandwidth for the contexts.
    """

    rows: FloatArray
    contexts: FloatArray
    n_reference: int
    sigma: float
    context_sigma: float

    @property
    def n_window(self) -> int:
        """Rows of the window."""
        return len(self.rows) - self.n_reference


def pool_with_contexts(
    reference: Sample, window: Sample, *, components: int, max_rows: int, seed: int
) -> ContextPool:
    """Pool and whiten at most `max_rows` rows of each sample, with their class probabilities.

    Raises:
        MissingColumn: a sample has no embeddings.
    """
    sides = [
        _side(sample, side=side, max_rows=max_rows, seed=seed)
        for side, sample in (("reference", reference), ("window", window))
    ]
    rows = kernel.whitened(np.concatenate([rows for rows, _ in sides]), components=components)
    contexts = np.concatenate([contexts for _, contexts in sides])
    return ContextPool(
        rows,
        contexts,
        len(sides[0][0]),
        kernel.median_bandwidth(rows, seed=seed),
        kernel.median_bandwidth(contexts, seed=seed),
    )


def _side(sample: Sample, *, side: str, max_rows: int, seed: int) -> tuple[FloatArray, FloatArray]:
    kept = columns.embedded_rows(sample, side=side)
    embeddings = np.asarray(sample.embeddings, dtype=np.float32)[kept]
    ordered = columns.canonical_order(embeddings)
    chosen = ordered[columns.chosen_rows(len(ordered), at_most=max_rows, seed=seed)]
    return embeddings[chosen], columns.compared_probabilities(sample)[kept][chosen]


def effect_size(statistic: float, *, null_median: float, similarity: float) -> float:
    """What exceeds the median without drift, as the effect of `mmd`: in units of the reference's spread."""
    return mmd.effect_size(statistic - null_median, similarity)


def reference_similarity(pooled: ContextPool) -> float:
    """Mean kernel value of two different reference rows."""
    rows = pooled.rows[: pooled.n_reference]
    gram = kernel.gaussian_gram(rows, sigma=pooled.sigma)
    return float(gram.sum(dtype=np.float64)) / (len(rows) * (len(rows) - 1))


@dataclass(frozen=True, slots=True)
class ContextAwareMeanDiscrepancy:
    """Do embeddings differ among predictions of equal probability?

    Attributes:
        components: principal components compared; 0 compares raw embeddings.
        max_rows: rows used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    components: int = 32
    max_rows: int = 1000
    max_permutations: int = 1999

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by a conditional permutation test.

        A quarter of the window only says at which contexts to compare. Where a few permutations already rule
        out significance the rest is not drawn; it can only turn a significant result into one that is not.

        Raises:
            MissingColumn: a sample has no embeddings.
        """
        pooled = pool_with_contexts(
            reference, window, components=self.components, max_rows=self.max_rows, seed=seed
        )
        generator = np.random.default_rng(seed)
        test, in_window = prepared(pooled, generator)
        observed = test.statistic(in_window)
        permutations = permutations_for(level, per_level=4, at_most=self.max_permutations)
        permuted = _redrawn(test, in_window, SCREENING_PERMUTATIONS, generator)
        if not _clearly_not_significant(observed, permuted, level):
            rest = permutations - SCREENING_PERMUTATIONS
            permuted = np.concatenate([permuted, _redrawn(test, in_window, rest, generator)])
        return _finding(pooled, observed, permuted, level=level, reachable=permutations, seed=seed)


def prepared(
    pooled: ContextPool, generator: np.random.Generator
) -> tuple[ConditionalMmd, npt.NDArray[np.bool_]]:
    """The test on all rows but the held contexts, and which of its rows are from the window."""
    held = np.zeros(len(pooled.rows), dtype=bool)
    count = max(1, int(pooled.n_window * HELD_SHARE))
    held[pooled.n_reference + generator.choice(pooled.n_window, size=count, replace=False)] = True
    in_window = np.arange(len(held))[~held] >= pooled.n_reference
    gram = kernel.gaussian_gram(pooled.rows[~held], sigma=pooled.sigma)
    np.fill_diagonal(gram, 1.0)
    test = conditional_mmd(
        gram,
        pooled.contexts[~held],
        held=pooled.contexts[held],
        sigma=pooled.context_sigma,
        in_window=in_window,
        generator=generator,
    )
    return test, in_window


def _redrawn(
    test: ConditionalMmd, in_window: npt.NDArray[np.bool_], count: int, generator: np.random.Generator
) -> DoubleArray:
    propensity = test.propensity(in_window)
    return np.array([test.statistic(generator.random(len(propensity)) < propensity) for _ in range(count)])


def _clearly_not_significant(observed: float, permuted: DoubleArray, level: float) -> bool:
    p_value = rank_p_value(observed, permuted)
    return p_value > level and p_value * (len(permuted) + 1) > _CLEAR_COUNT


def _finding(
    pooled: ContextPool, observed: float, permuted: DoubleArray, *, level: float, reachable: int, seed: int
) -> Finding:
    median, similarity = float(np.median(permuted)), reference_similarity(pooled)
    critical = critical_value(permuted, level)
    sized = {"null_median": median, "similarity": similarity}
    return Finding(
        detector="context-mmd",
        backend="native",
        feature="embedding",
        statistic=observed,
        p_value=rank_p_value(observed, permuted),
        effect_size=effect_size(observed, **sized),
        effect_name=EFFECT,
        n_reference=pooled.n_reference,
        n_window=pooled.n_window,
        parameters={
            "bandwidth": f"{pooled.sigma:.6g}",
            "context": "probabilities",
            "permutations": str(len(permuted)),
            "seed": str(seed),
        },
        smallest_p_value=1.0 / (reachable + 1),
        significant_effect=None if critical is None else effect_size(critical, **sized),
    )
