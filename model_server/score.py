"""What the model says of one text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """What one forward pass says of one text.

    Attributes:
        probabilities: softmax over the classes, in class order, sums to 1.
        embedding: mean of the last hidden layer over the text's tokens, float16 little-endian; None where the
            model has no hidden states to show.
    """

    probabilities: tuple[float, ...]
    embedding: bytes | None
