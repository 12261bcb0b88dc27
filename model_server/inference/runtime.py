"""What runs a model: from padded token ids to probabilities and embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Output:
    """Results of one forward pass over n texts.

    Attributes:
        probabilities: (n, classes) softmax over the classes, rows sum to 1.
        embeddings: (n, d) mean of the last hidden layer over each text's tokens; None where the model has no
            hidden states to show.
    """

    probabilities: FloatArray
    embeddings: FloatArray | None


class Runtime(Protocol):
    """A loaded model; used from one thread only."""

    @property
    def length_step(self) -> int:
        """Tokens to a multiple of which batches are padded."""

    @property
    def packs(self) -> bool:
        """Whether short texts of a pass cost no more beside a long one."""

    def run(self, ids: IntArray, mask: IntArray) -> Output:
        """One forward pass over (n, length) token ids; `mask` is 1 on tokens and 0 on padding."""


@dataclass(frozen=True, slots=True)
class Padding:
    """How texts of different lengths become one batch: the filling token and the model's limit."""

    token: int
    limit: int


def padded(token_ids: Sequence[Sequence[int]], *, padding: Padding, step: int) -> tuple[IntArray, IntArray]:
    """(n, length) ids and mask of n texts, length rounded up to a multiple of `step` within the limit."""
    longest = max(map(len, token_ids))
    length = max(longest, min(padding.limit, -(-longest // step) * step))
    ids = np.full((len(token_ids), length), padding.token, dtype=np.int64)
    mask = np.zeros((len(token_ids), length), dtype=np.int64)
    for row, tokens in enumerate(token_ids):
        ids[row, : len(tokens)] = tokens
        mask[row, : len(tokens)] = 1
    return ids, mask


def softmax(logits: FloatArray) -> FloatArray:
    """Softmax of each row."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: FloatArray = powers / powers.sum(axis=1, keepdims=True)
    return result
