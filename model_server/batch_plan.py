"""Which of the waiting texts go into the next forward pass: pure arithmetic on their lengths."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BatchLimits:
    """Bounds and price of one forward pass.

    Attributes:
        texts: how many it may hold.
        tokens: how many it may hold, with the padding counted unless texts share rows.
        fixed_tokens: how many tokens could be computed in the time that a pass takes beside its tokens.
        packed: texts share rows, so that padding costs nothing.
    """

    texts: int
    tokens: int
    fixed_tokens: int
    packed: bool = False


def choose_batch(lengths: Sequence[int], *, limits: BatchLimits) -> list[int]:
    """Positions of the next batch in `lengths`: tokens of each waiting text, in order of arrival, not empty.

    The oldest is always in it, so nothing starves. Where texts share rows its companions are the next oldest
    that fit. Elsewhere they are those nearest in length, as many as make a token cheapest: each more shares
    the fixed price of the pass, until the padding costs more.
    """
    return _oldest(lengths, limits=limits) if limits.packed else _cheapest(lengths, limits=limits)


def _oldest(lengths: Sequence[int], *, limits: BatchLimits) -> list[int]:
    chosen, tokens = [0], lengths[0]
    for position in range(1, len(lengths)):
        if len(chosen) == limits.texts:
            break
        if tokens + lengths[position] <= limits.tokens:
            chosen.append(position)
            tokens += lengths[position]
    return chosen


def _cheapest(lengths: Sequence[int], *, limits: BatchLimits) -> list[int]:
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    by_length = [lengths[i] for i in order]
    runs = _growing(by_length, order.index(0), limits=limits)
    low, high, _ = min(runs, key=lambda run: _price(by_length, run, fixed_tokens=limits.fixed_tokens))
    return order[low : high + 1]


# First and last place in the order by length, and the tokens between them without padding.
_Run = tuple[int, int, int]


def _growing(by_length: Sequence[int], oldest: int, *, limits: BatchLimits) -> Iterator[_Run]:
    """The oldest text alone, then with one neighbour more each, the nearer in length first."""
    low = high = oldest
    real = by_length[oldest]
    yield low, high, real
    while high - low + 1 < min(limits.texts, len(by_length)):
        rows, widest = high - low + 2, by_length[high]
        fits_shorter = low > 0 and rows * widest <= limits.tokens
        fits_longer = high + 1 < len(by_length) and rows * by_length[high + 1] <= limits.tokens
        if not (fits_shorter or fits_longer):
            return
        if fits_shorter and (not fits_longer or _shorter_is_nearer(by_length, low, high, oldest=oldest)):
            low -= 1
            real += by_length[low]
        else:
            high += 1
            real += by_length[high]
        yield low, high, real


def _shorter_is_nearer(by_length: Sequence[int], low: int, high: int, *, oldest: int) -> bool:
    return by_length[oldest] - by_length[low - 1] <= by_length[high + 1] - by_length[oldest]


def _price(by_length: Sequence[int], run: _Run, *, fixed_tokens: int) -> tuple[float, int]:
    """Cost of a token of the run; of equally cheap runs the one with more texts comes first."""
    low, high, real = run
    rows = high - low + 1
    return (fixed_tokens + rows * by_length[high]) / max(real, 1), -rows
