"""A batch in parts of about equal work, one for each core: pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence


def share_out(lengths: Sequence[int], *, parts: int) -> list[list[int]]:
    """Positions of the texts of each part, none empty; `lengths` are tokens.

    The longest first, each to the part that has the fewest tokens (Graham 1969: at most 4/3 of the best).
    """
    shares: list[list[int]] = [[] for _ in range(min(parts, len(lengths)))]
    tokens = [0] * len(shares)
    for text in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        least = tokens.index(min(tokens))
        shares[least].append(text)
        tokens[least] += max(1, lengths[text])
    return shares
