"""The direction of a drift in a few bytes, by which it is recognised when it comes back."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]
AnyFloats = npt.NDArray[np.float32] | DoubleArray

BITS: Final = 256
ALIKE: Final = 0.7
"""From this similarity on two drifts count as the same. On real text two windows of 800 rows with 10 to 100 %
of one foreign domain are at least 0.79 alike, of two different domains at most 0.53."""
_ALIKE_WORDS: Final = 0.3
_MOST_WORDS: Final = 20
_COMPONENTS: Final = 64
_STANDARD_ERRORS: Final = 2.0
_NEGLIGIBLE_VARIANCE: Final = 1e-6
_SEED: Final = 20_260_101


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is known of a direction; two are compared by the first part that both have.

    Attributes:
        space: the embedding's space, such as the model's version; others are not comparable. Empty without.
        embedding: signs of 256 fixed random projections of `direction` (Charikar,
            Similarity estimation techniques from rounding algorithms, STOC 2002), as hexadecimal text.
        words: digests of the words that became more or less frequent, each with its sign; never the words.
        classes: change of each predicted class's share, in the model's order.
    """

    space: str = ""
    embedding: str = ""
    words: tuple[str, ...] = ()
    classes: tuple[float, ...] = ()

    def __str__(self) -> str:
        """A short name for people to compare, such as e:9f3c51aa."""
        if self.embedding:
            return f"e:{self.embedding[:16]}"
        if self.words:
            return f"w:{_digest(' '.join(sorted(self.words)))}"
        return "c:" + ",".join(f"{share:+.2f}" for share in self.classes) if self.classes else ""

    def to_json(self) -> dict[str, object]:
        """As it is stored."""
        return {
            "space": self.space,
            "embedding": self.embedding,
            "words": list(self.words),
            "classes": list(self.classes),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, object]) -> Fingerprint:
        """As it was stored; parts of another shape are left out."""
        words, classes = stored.get("words"), stored.get("classes")
        return cls(
            space=str(stored.get("space") or ""),
            embedding=str(stored.get("embedding") or ""),
            words=tuple(map(str, words)) if isinstance(words, list) else (),
            classes=tuple(map(float, classes)) if isinstance(classes, list) else (),
        )


def direction(reference: AnyFloats, window: AnyFloats) -> DoubleArray:
    """(d,) where the mean embedding moved, in units of the reference's spread along its 64 main components.

    Without the units the one direction along which a classifier decides would make all drifts look alike.
    Every coordinate is drawn to 0 by two standard errors (soft threshold; Donoho & Johnstone, Ideal spatial
    adaptation by wavelet shrinkage, Biometrika 81, 1994), which leaves out what chance moves.

    Args:
        reference: (n, d) embeddings, n at least 2.
        window: (m, d) embeddings.
    """
    rows = np.asarray(reference, dtype=np.float64)
    centred = rows - rows.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / len(rows))
    kept = np.flatnonzero(variances > _NEGLIGIBLE_VARIANCE * max(variances[-1], 1e-12))[-_COMPONENTS:]
    shift = np.asarray(window, dtype=np.float64).mean(axis=0) - rows.mean(axis=0)
    moved = axes[:, kept].T @ shift / np.sqrt(variances[kept])
    chance = _STANDARD_ERRORS * np.sqrt(1.0 / len(rows) + 1.0 / len(window))
    certain: DoubleArray = axes[:, kept] @ (np.sign(moved) * np.maximum(np.abs(moved) - chance, 0.0))
    return certain


def embedding_signs(shift: AnyFloats) -> str:
    """256 signs of a (d,) vector as hexadecimal text; empty for a vector of zeros."""
    if not np.any(shift):
        return ""
    planes = np.random.default_rng(_SEED).standard_normal((BITS, len(shift)))
    return np.packbits(planes @ np.asarray(shift, dtype=np.float64) > 0).tobytes().hex()


def word_digests(more: Sequence[str], less: Sequence[str]) -> tuple[str, ...]:
    """Digests of words that became more and less frequent, at most 20 of each, sorted."""
    signed = [f"+{word}" for word in more[:_MOST_WORDS]] + [f"-{word}" for word in less[:_MOST_WORDS]]
    return tuple(sorted(_digest(word) for word in signed))


def similarity(one: Fingerprint, other: Fingerprint) -> float | None:
    """How alike two directions are, -1 to 1, on the first part that both have; None if there is none.

    For embeddings and classes it is a cosine, estimated from the signs with a standard error of about 0.05;
    for words it is the share of common ones (Jaccard), stretched so that 0.3 counts as much as a cosine of
    0.7.
    """
    if one.embedding and other.embedding and one.space == other.space:
        return _cosine_of_signs(one.embedding, other.embedding)
    if one.words and other.words:
        common = len(set(one.words) & set(other.words)) / len(set(one.words) | set(other.words))
        return min(1.0, common * ALIKE / _ALIKE_WORDS)
    if len(one.classes) == len(other.classes) > 0:
        return _cosine(np.array(one.classes), np.array(other.classes))
    return None


def alike(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two drifts are the same; directions that cannot be compared are not."""
    found = similarity(one, other)
    return found is not None and found >= ALIKE


def _cosine_of_signs(one: str, other: str) -> float:
    different = (int(one, 16) ^ int(other, 16)).bit_count()
    return math.cos(math.pi * different / (4 * len(one)))


def _cosine(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length > 0 else 0.0


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
