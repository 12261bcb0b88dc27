"""The conditional MMD of context-aware drift detection, in a low-rank form that makes permutations cheap.

Source: Cobb and Van Looveren, Context-aware drift detection, ICML 2022 (MMD-ADiTT). The context kernel is
replaced by its Nyström approximation on a few landmarks; contexts are class probabilities, on which the
kernel is so smooth that the approximation is exact to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from modelmonitor.detect import kernel
from modelmonitor.detect.permutation import DoubleArray
from modelmonitor.sample import FloatArray

_LANDMARKS = 60
_NEGLIGIBLE = 1e-7
_CROSS_VALIDATED_ROWS = 300
_FOLDS = 5
_REGULARISATIONS = tuple(2.0**-power for power in range(20))


@dataclass(frozen=True, slots=True, eq=False)
class ConditionalMmd:
    """Everything of the test but the assignment of rows to samples.

    Attributes:
        gram: (n, n) kernel of the embeddings with its diagonal.
        features: (n, r) features whose inner product is the context kernel.
        weight: (r, r) mean outer product of the features of the held contexts.
        regularisations: of the conditional means, reference and window.
    """

    gram: FloatArray
    features: DoubleArray
    weight: DoubleArray
    regularisations: tuple[float, float]

    def statistic(self, in_window: npt.NDArray[np.bool_]) -> float:
        """Mean squared distance of the two conditional kernel means over the held contexts."""
        sides = [
            self._side(rows, regularisation)
            for rows, regularisation in zip((~in_window, in_window), self.regularisations, strict=True)
        ]
        (rows_0, left), (rows_1, right) = sides
        return float(
            self._similarity(rows_0, rows_0, (left, left))
            + self._similarity(rows_1, rows_1, (right, right))
            - 2.0 * self._similarity(rows_0, rows_1, (left, right))
        )

    def propensity(self, in_window: npt.NDArray[np.bool_]) -> DoubleArray:
        """(n,) probability that a row with this context is from the window."""
        from sklearn.linear_model import LogisticRegression

        fitted = LogisticRegression(max_iter=1000).fit(self.features, in_window)
        return np.asarray(fitted.predict_proba(self.features)[:, 1])

    def _side(
        self, rows: npt.NDArray[np.bool_], regularisation: float
    ) -> tuple[npt.NDArray[np.bool_], DoubleArray]:
        features = self.features[rows]
        ridge = features.T @ features + len(features) * regularisation * np.eye(features.shape[1])
        return rows, np.linalg.inv(ridge)

    def _similarity(
        self,
        left: npt.NDArray[np.bool_],
        right: npt.NDArray[np.bool_],
        inverses: tuple[DoubleArray, DoubleArray],
    ) -> float:
        between = self.features[left].T @ (self.gram[np.ix_(left, right)] @ self.features[right])
        coupling = inverses[0] @ self.weight @ inverses[1]
        return float(np.sum(coupling * between))


def conditional_mmd(
    gram: FloatArray,
    contexts: FloatArray,
    *,
    held: FloatArray,
    sigma: float,
    in_window: npt.NDArray[np.bool_],
    generator: np.random.Generator,
) -> ConditionalMmd:
    """Prepare the test: context features, and the regularisation that predicts best on rows left out.

    Args:
        gram: (n, n) kernel of the embeddings with its diagonal.
        contexts: (n, k).
        held: (h, k) contexts at which the samples are compared.
        sigma: bandwidth of the context kernel.
        in_window: (n,) True = window.
        generator: of landmarks and folds.
    """
    embed = _context_map(contexts, sigma=sigma, generator=generator)
    features, at = embed(contexts), embed(held)
    chosen = tuple(
        _regularisation(gram[np.ix_(rows, rows)], features[rows], generator)
        for rows in (np.flatnonzero(~in_window), np.flatnonzero(in_window))
    )
    return ConditionalMmd(gram, features, at.T @ at / len(at), (chosen[0], chosen[1]))


@dataclass(frozen=True, slots=True, eq=False)
class _ContextMap:
    landmarks: FloatArray
    root: DoubleArray
    sigma: float

    def __call__(self, contexts: FloatArray) -> DoubleArray:
        distances = kernel.squared_distances(contexts, self.landmarks).astype(np.float64)
        return np.asarray(np.exp(distances / (-2.0 * self.sigma**2)) @ self.root)


def _context_map(contexts: FloatArray, *, sigma: float, generator: np.random.Generator) -> _ContextMap:
    count = min(_LANDMARKS, len(contexts))
    landmarks = contexts[generator.choice(len(contexts), size=count, replace=False)]
    distances = kernel.squared_distances(landmarks, landmarks).astype(np.float64)
    values, vectors = np.linalg.eigh(np.exp(distances / (-2.0 * sigma**2)))
    kept = values > _NEGLIGIBLE * values[-1]
    return _ContextMap(landmarks, vectors[:, kept] / np.sqrt(values[kept]), sigma)


def _regularisation(gram: FloatArray, features: DoubleArray, generator: np.random.Generator) -> float:
    """The value whose conditional mean has the least error on left-out rows, in the kernel's space."""
    rows = generator.permutation(len(features))[:_CROSS_VALIDATED_ROWS]
    chosen, known = features[rows], gram[np.ix_(rows, rows)].astype(np.float64)
    folds = np.arange(len(rows)) % _FOLDS
    losses = np.sum([_fold_losses(known, chosen, folds == fold) for fold in range(_FOLDS)], axis=0)
    return _REGULARISATIONS[int(np.argmin(losses))]


def _fold_losses(gram: DoubleArray, features: DoubleArray, out: npt.NDArray[np.bool_]) -> DoubleArray:
    seen, n = features[~out], int((~out).sum())
    values, vectors = np.linalg.eigh(seen.T @ seen)
    left, right = seen @ vectors, features[out] @ vectors
    known, cross = gram[np.ix_(~out, ~out)], gram[np.ix_(~out, out)]
    losses = []
    for regularisation in _REGULARISATIONS:
        weights = (left / (values + n * regularisation)) @ right.T
        losses.append(float(np.sum(weights * (known @ weights)) - 2.0 * np.sum(weights * cross)))
    return np.array(losses)
