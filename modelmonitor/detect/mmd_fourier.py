"""Maximum mean discrepancy of windows of any size, in bounded memory, by random Fourier features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from modelmonitor.detect import columns, mmd
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.fourier import FourierMap, RffSums, fit_map, unbiased_mmd_squared
from modelmonitor.detect.missing import NothingToCompare
from modelmonitor.detect.permutation import DoubleArray, critical_value, permutations_for, rank_p_value
from modelmonitor.sample import FloatArray, Sample

CHUNK_ROWS = 8192
FIT_ROWS = 2000
_DRAWS = 4096
_FEWEST_ROWS = 2
_MAX_DRAWS = 99_999


def sums_of(chunks: Iterable[FloatArray], feature_map: FourierMap) -> RffSums:
    """Sums over (n, d) chunks of embeddings, which are read once and never held together."""
    sums = RffSums.empty(feature_map.size)
    for chunk in chunks:
        sums = sums.accumulate(feature_map.features(chunk))
    return sums


def null_distribution(reference: RffSums, window: RffSums, *, draws: int, seed: int) -> DoubleArray:
    """(draws,) values that the unbiased MMD^2 takes where nothing drifts.

    With c = 1/n + 1/m and the eigenvalues l_j of the pooled covariance of the features it tends to
    c times the sum of l_j (z_j^2 - 1), z_j standard normal (Gretton et al. 2012, theorem 12). The feature
    space is finite here, so nothing else is approximated than the normality of the mean features.
    """
    n, m = reference.n, window.n
    pooled = ((n - 1) * reference.covariance + (m - 1) * window.covariance) / (n + m - 2)
    eigenvalues = np.clip(np.linalg.eigvalsh(pooled), 0.0, None)
    kept = eigenvalues[eigenvalues > eigenvalues.max(initial=0.0) * 1e-9]
    generator = np.random.default_rng(seed)
    parts = [
        (np.square(generator.standard_normal((min(_DRAWS, draws - start), len(kept)))) - 1.0) @ kept
        for start in range(0, draws, _DRAWS)
    ]
    return np.asarray(np.concatenate(parts) * (1.0 / n + 1.0 / m))


def compare(
    reference: RffSums, window: RffSums, *, level: float, seed: int, parameters: dict[str, str] | None = None
) -> Finding:
    """The finding that follows from the sums of both samples, however many rows they came from.

    Raises:
        NothingToCompare: a side has fewer than two rows.
    """
    if min(reference.n, window.n) < _FEWEST_ROWS:
        msg = f"a comparison needs two rows on each side, there are {reference.n} and {window.n}"
        raise NothingToCompare(msg)
    draws = permutations_for(level, per_level=20, at_most=_MAX_DRAWS)
    null = null_distribution(reference, window, draws=draws, seed=seed)
    statistic = unbiased_mmd_squared(reference, window)
    critical = critical_value(null, level)
    return Finding(
        detector="mmd-fourier",
        backend="native",
        feature="embedding",
        statistic=statistic,
        p_value=rank_p_value(statistic, null),
        effect_size=mmd.effect_size(statistic, reference.similarity),
        effect_name=mmd.EFFECT,
        n_reference=reference.n,
        n_window=window.n,
        parameters={
            "features": str(len(reference.total)),
            "draws": str(draws),
            "seed": str(seed),
            **(parameters or {}),
        },
        smallest_p_value=1.0 / (draws + 1),
        significant_effect=None if critical is None else mmd.effect_size(critical, reference.similarity),
    )


@dataclass(frozen=True, slots=True)
class FourierMeanDiscrepancy:
    """Do the embeddings of a window of any size have the distribution of the reference?

    Attributes:
        components: principal components compared; 0 compares raw embeddings.
        frequencies: random frequencies, each a cosine and a sine.
    """

    components: int = 64
    frequencies: int = 128

    def __call__(self, reference: Sample, window: Sample, *, level: float, seed: int) -> Finding:
        """Compare two samples of any size; every row counts.

        Raises:
            MissingColumn: a sample has no embeddings.
        """
        feature_map = self.fit(reference, window, seed=seed)
        rows = columns.embeddings(window, side="window")
        return self.compare_sums(
            reference, sums_of(_chunks(rows), feature_map), feature_map, level=level, seed=seed
        )

    def fit(self, reference: Sample, window: Sample, *, seed: int) -> FourierMap:
        """The features in which both are compared, fitted on at most 2,000 rows of each.

        Raises:
            MissingColumn: a sample has no embeddings.
        """
        sides = [
            columns.embeddings(sample, side=side)
            for side, sample in (("reference", reference), ("window", window))
        ]
        fitted_on = np.concatenate(
            [rows[columns.chosen_rows(len(rows), at_most=FIT_ROWS, seed=seed)] for rows in sides]
        )
        return fit_map(fitted_on, components=self.components, frequencies=self.frequencies, seed=seed)

    def compare_sums(
        self, reference: Sample, window: RffSums, feature_map: FourierMap, *, level: float, seed: int
    ) -> Finding:
        """Compare a reference with a window that was summed in chunks, of any number of rows.

        Args:
            reference: the rows.
            window: sums over the window by the same map.
            feature_map: from `fit`.
            level: as for `__call__`.
            seed: as for `__call__`.

        Raises:
            MissingColumn: the reference has no embeddings.
        """
        sums = sums_of(_chunks(columns.embeddings(reference, side="reference")), feature_map)
        return compare(sums, window, level=level, seed=seed, parameters={"components": str(self.components)})


def _chunks(rows: FloatArray) -> Iterator[FloatArray]:
    return (rows[start : start + CHUNK_ROWS] for start in range(0, len(rows), CHUNK_ROWS))
