"""Maximum mean discrepancy on embeddings, exact, with all permutations as one matrix product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from modelmonitor.detect import columns, kernel
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.permutation import permutation_test, permutations_for
from modelmonitor.sample import FloatArray, Sample

EFFECT = "distance of the kernel means in units of the reference's own spread, 0 = same"


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Rows of both samples, reference first, in the space in which the kernel compares them.

    Attributes:
        rows: (n_reference + n_window, c) float32.
        n_reference: rows of the reference.
        n_window: rows of the window.
        sigma: bandwidth of the Gaussian kernel.
    """

    rows: FloatArray
    n_reference: int
    n_window: int
    sigma: float


def pool(reference: Sample, window: Sample, *, components: int, max_rows: int, seed: int) -> Pool:
    """Pool and whiten at most `max_rows` rows of each sample.

    Raises:
        MissingColumn: a sample has no embeddings.
    """
    sides = []
    for name, sample in (("reference", reference), ("window", window)):
        rows = columns.embeddings(sample, side=name)
        sides.append(rows[columns.chosen_rows(len(rows), at_most=max_rows, seed=seed)])
    rows = kernel.whitened(np.concatenate(sides), components=components)
    return Pool(rows, len(sides[0]), len(sides[1]), kernel.median_bandwidth(rows, seed=seed))


def effect_size(mmd_squared: float, reference_similarity: float) -> float:
    """Distance of the two kernel means in units of the reference's spread around its own mean.

    sqrt(MMD^2 / (1 - mean k(x, x'))): a Cohen's d in the kernel's feature space. It does not grow with the
    number of rows, and grows about in proportion to the share of foreign rows. 0 where MMD^2 is negative.

    Args:
        mmd_squared: unbiased estimate.
        reference_similarity: mean kernel value of two different reference rows.
    """
    spread = 1.0 - reference_similarity
    return float(np.sqrt(max(mmd_squared, 0.0) / spread)) if spread > 0 else 0.0


@dataclass(frozen=True, slots=True)
class MaximumMeanDiscrepancy:
    """Do the embeddings of the window have the distribution of the reference?

    Attributes:
        components: principal components compared; 0 compares raw embeddings.
        max_rows: rows used of each sample, a seeded uniform subset of more.
        max_permutations: upper bound of the number that follows from the level.
    """

    components: int = 64
    max_rows: int = 2000
    max_permutations: int = 19_999

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples by an exact permutation test.

        Raises:
            MissingColumn: a sample has no embeddings.
        """
        pooled = pool(reference, window, components=self.components, max_rows=self.max_rows, seed=seed)
        gram = kernel.gaussian_gram(pooled.rows, sigma=pooled.sigma)
        test = permutation_test(
            partial(kernel.gram_similarities, gram),
            kernel.mmd_squared,
            n_reference=pooled.n_reference,
            n_window=pooled.n_window,
            permutations=permutations_for(level, per_level=10, at_most=self.max_permutations),
            level=level,
            seed=seed,
        )
        similarity = float(test.observed.reference[0])
        return Finding(
            detector="mmd",
            backend="native",
            feature="embedding",
            statistic=test.statistic,
            p_value=test.p_value,
            effect_size=effect_size(test.statistic, similarity),
            effect_name=EFFECT,
            n_reference=pooled.n_reference,
            n_window=pooled.n_window,
            parameters=parameters(
                pooled, components=self.components, permutations=test.permutations, seed=seed
            ),
            smallest_p_value=1.0 / (test.permutations + 1),
            significant_effect=None if test.critical is None else effect_size(test.critical, similarity),
        )


def parameters(pooled: Pool, *, components: int, permutations: int, seed: int) -> dict[str, str]:
    """What changes the numbers of an MMD finding, as text."""
    return {
        "bandwidth": f"{pooled.sigma:.6g}",
        "components": str(pooled.rows.shape[1] if components else 0),
        "permutations": str(permutations),
        "seed": str(seed),
    }
