"""Whether a faster variant may stand in for the exact model: pure functions of their outputs."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from model_server.inference.runtime import FloatArray

# At most one label in 200 may differ: less than what a model loses between two trainings.
LABELS_AGREE: Final = 0.995
# Rounding in another order moves a bfloat16 probability by up to 0.005; one activation scale for a whole
# batch, as in ordinary dynamic int8 quantisation, by 0.1 to 0.18 (demo model).
BATCH_SHIFT: Final = 0.01


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a variant compared with the exact model.

    Attributes:
        labels: share of texts with the same most probable class, 0 to 1.
        score_shift: largest difference of a probability from the exact model's.
        batch_shift: largest difference of a probability between a text alone and among others in a batch.
    """

    labels: float
    score_shift: float
    batch_shift: float

    @property
    def passes(self) -> bool:
        """Whether the variant may be used."""
        return self.labels >= LABELS_AGREE and self.batch_shift <= BATCH_SHIFT

    def sentence(self) -> str:
        """The figures in words, for the log."""
        return (
            f"{self.labels:.2%} of the labels agree with fp32 ({LABELS_AGREE:.1%} needed), a score depends "
            f"on its batch by at most {self.batch_shift:.4f} ({BATCH_SHIFT} allowed)"
        )

    def as_json(self) -> dict[str, Any]:
        """The figures as stored beside a cached model."""
        return asdict(self)


def compare(
    exact: FloatArray, variant: FloatArray, *, alone: FloatArray, among_others: FloatArray
) -> Agreement:
    """Judge a variant.

    Args:
        exact: (n, classes) probabilities of the exact model.
        variant: the same of the variant.
        alone: (m, classes) of the variant for texts that each had a batch of their own.
        among_others: the same texts in a batch with others.
    """
    if not all(np.isfinite(part).all() for part in (variant, alone, among_others)):
        return Agreement(labels=0.0, score_shift=1.0, batch_shift=1.0)
    return Agreement(
        labels=float((exact.argmax(axis=1) == variant.argmax(axis=1)).mean()),
        score_shift=float(np.abs(exact - variant).max()),
        batch_shift=float(np.abs(alone - among_others).max()),
    )
