"""Random Fourier features of the Gaussian kernel, and the sums of them that a window of any size needs.

Sums of disjoint rows merge by addition, in any order: partitions of a window are read apart, in chunks, and
added up. Sources: Rahimi and Recht, Random features for large-scale kernel machines, 2007; Zhao and Meng,
FastMMD, Neural Computation 27 (2015).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelmonitor.detect import kernel
from modelmonitor.detect.permutation import DoubleArray
from modelmonitor.sample import FloatArray


class DifferentFeatures(ValueError):
    """Sums of different feature maps cannot be merged or compared."""


@dataclass(frozen=True, slots=True, eq=False)
class FourierMap:
    """A fixed map of embeddings to features whose inner product is about the Gaussian kernel.

    Attributes:
        projection: (d, f) embedding to phase: whitening, bandwidth and random frequencies in one matrix.
        offset: (f,) phase of the zero embedding.
    """

    projection: FloatArray
    offset: FloatArray

    @property
    def size(self) -> int:
        """Number of features: a cosine and a sine of every phase."""
        return 2 * self.projection.shape[1]

    def features(self, rows: FloatArray) -> FloatArray:
        """(n, 2f) float32 features of length 1 of (n, d) embeddings."""
        phases = rows @ self.projection
        phases -= self.offset
        scale = np.float32(1.0 / np.sqrt(self.projection.shape[1]))
        features = np.empty((len(rows), self.size), dtype=np.float32)
        np.cos(phases, out=features[:, : phases.shape[1]])
        np.sin(phases, out=features[:, phases.shape[1] :])
        features *= scale
        return features


def fit_map(rows: FloatArray, *, components: int, frequencies: int, seed: int) -> FourierMap:
    """The map for the whitened space and median bandwidth of the given rows.

    Args:
        rows: (n, d) embeddings of reference and window together, or of rows that are in neither: a map that
            knows one side only favours it.
        components: principal components, 0 for the raw space.
        frequencies: f; the error of the kernel is about 1/sqrt(f).
        seed: of the frequencies and the bandwidth's rows.
    """
    whitening = kernel.fit_whitening(rows, components=components)
    sigma = kernel.median_bandwidth(whitening.apply(rows), seed=seed)
    generator = np.random.default_rng(seed)
    drawn = generator.normal(scale=1.0 / sigma, size=(whitening.directions.shape[1], frequencies))
    projection = np.asarray(whitening.directions @ drawn, dtype=np.float32)
    return FourierMap(projection, np.asarray(whitening.centre @ projection, dtype=np.float32))


@dataclass(frozen=True, slots=True, eq=False)
class RffSums:
    """All that the test needs of any number of rows: a megabyte, whether of one row or of a billion.

    Attributes:
        n: number of rows.
        total: (f,) float64 sum of the features.
        products: (f, f) float64 sum of the outer products of the features.
    """

    n: int
    total: DoubleArray
    products: DoubleArray

    @classmethod
    def empty(cls, size: int) -> RffSums:
        """Sums of no rows: merging with them changes nothing."""
        return cls(0, np.zeros(size), np.zeros((size, size)))

    def accumulate(self, chunk: FloatArray) -> RffSums:
        """With the rows of an (n, f) chunk of features added."""
        return self.merge(
            RffSums(
                len(chunk),
                chunk.sum(axis=0, dtype=np.float64),
                np.asarray(chunk.T @ chunk, dtype=np.float64),
            )
        )

    def merge(self, other: RffSums) -> RffSums:
        """Sums over the rows of both; associative and commutative up to rounding.

        Raises:
            DifferentFeatures: the numbers of features differ.
        """
        if self.total.shape != other.total.shape:
            msg = f"sums of {len(self.total)} and {len(other.total)} features do not belong together"
            raise DifferentFeatures(msg)
        return RffSums(self.n + other.n, self.total + other.total, self.products + other.products)

    @property
    def mean(self) -> DoubleArray:
        """(f,) mean feature vector."""
        return self.total / self.n

    @property
    def covariance(self) -> DoubleArray:
        """(f, f) unbiased covariance of the features."""
        centred = self.products - np.outer(self.total, self.total) / self.n
        return np.asarray(centred / (self.n - 1))

    @property
    def similarity(self) -> float:
        """Mean kernel value of two different rows."""
        return float((self.total @ self.total - np.trace(self.products)) / (self.n * (self.n - 1)))


def unbiased_mmd_squared(reference: RffSums, window: RffSums) -> float:
    """Squared maximum mean discrepancy without the similarity of rows with themselves."""
    between = float(reference.mean @ window.mean)
    return reference.similarity + window.similarity - 2.0 * between
