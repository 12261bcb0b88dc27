"""Which of the waiting texts go into the next forward pass: pure arithmetic on their lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Bounds of one forward pass: number of texts, and tokens with the padding counted."""

    texts: int
    tokens: int


def choose_batch(lengths: Sequence[int], *, limits: BatchLimits) -> list[int]:
    """Positions of the next batch in `lengths`: tokens of each waiting text, in order of arrival, not empty.

    The oldest is always in it, so nothing starves; its companions are those nearest in length, so that little
    of the batch is padding.
    """
    order = sorted(range(len(lengths)), key=lambda i: lengths[i])
    low = high = order.index(0)
    while high - low + 1 < min(limits.texts, len(order)):
        longer = lengths[order[high + 1]] if high + 1 < len(order) else None
        shorter = lengths[order[low - 1]] if low > 0 else None
        rows, widest, oldest = high - low + 2, lengths[order[high]], lengths[0]
        fits_shorter = shorter is not None and rows * widest <= limits.tokens
        fits_longer = longer is not None and rows * longer <= limits.tokens
        if not (fits_shorter or fits_longer):
            break
        nearer_shorter = shorter is not None and (longer is None or oldest - shorter <= longer - oldest)
        if fits_shorter and (nearer_shorter or not fits_longer):
            low -= 1
        else:
            high += 1
    return order[low : high + 1]
