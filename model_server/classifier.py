"""A sequence classifier as a function from texts to class probabilities and embeddings, whatever runs it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model_server.inference.runtime import Padding, Runtime, padded
from model_server.inference.tokens import Encode
from model_server.inference.variant import Variant
from model_server.score import Score


@dataclass(frozen=True, slots=True)
class Classifier:
    """A loaded model; `encode` and `forward` are called from one thread only.

    Attributes:
        runtime: what runs the forward pass.
        variant: which runtime and precision it is.
        encode: token ids of texts.
        padding: how texts of different lengths become one batch.
        classes: names in the order of the probabilities.
        version: of the model, for paths and rows.
        gpu: whether it runs on one.
    """

    runtime: Runtime
    variant: Variant
    encode: Encode
    padding: Padding
    classes: tuple[str, ...]
    version: str
    gpu: bool

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads."""
        return self.padding.limit

    def forward(self, token_ids: Sequence[Sequence[int]]) -> list[Score]:
        """One forward pass over all given texts, padded to the longest."""
        ids, mask = padded(token_ids, padding=self.padding, step=self.runtime.length_step)
        output = self.runtime.run(ids, mask)
        rows = output.probabilities.tolist()
        if output.embeddings is None:
            return [Score(tuple(row), None) for row in rows]
        halves = output.embeddings.astype("<f2")
        return [Score(tuple(row), half.tobytes()) for row, half in zip(rows, halves, strict=True)]
