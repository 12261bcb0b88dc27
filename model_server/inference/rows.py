"""Where the tokens of texts of any lengths lie when several of them share a row: pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from model_server.inference.runtime import IntArray

# Tokens of a row that is filled with several texts. Shorter rows cost more calls of the attention, longer
# ones more of its squares: 96 was the cheapest of 64 to 192 with texts of 28 tokens.
ROW_TOKENS: Final = 96
# Rows of few different widths: oneDNN makes machine code for every shape of a product that it has not seen
# lately, which took a fifth of the time and 500 MiB with texts of 1 to 200 words.
WIDTH_STEP: Final = 32
NOBODY: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Where the tokens of n padded texts lie in r rows of w places.

    Attributes:
        sources: (r * w,) which of the n * length padded tokens lies in each place; any where none does.
        owners: (r, w) which text a place belongs to, -1 for none.
        places: (n * length,) the place of each padded token; any for padding.
    """

    sources: IntArray
    owners: IntArray
    places: IntArray


def lay_out(mask: IntArray, *, row_tokens: int = ROW_TOKENS, width_step: int = WIDTH_STEP) -> Layout:
    """Rows for texts whose tokens the (n, length) mask marks with ones from the left, the longest first."""
    lengths = mask.sum(axis=1)
    needed = int(max(lengths.max(), min(row_tokens, lengths.sum())))
    width = -(-needed // width_step) * width_step
    rows = _rows(lengths.tolist(), width=width)
    owners = np.full((len(rows), width), NOBODY, dtype=np.int64)
    sources = np.zeros((len(rows), width), dtype=np.int64)
    places = np.zeros(mask.shape, dtype=np.int64)
    for row, texts in enumerate(rows):
        start = 0
        for text in texts:
            end = start + int(lengths[text])
            owners[row, start:end] = text
            sources[row, start:end] = np.arange(end - start) + text * mask.shape[1]
            places[text, : end - start] = np.arange(start, end) + row * width
            start = end
    return Layout(sources.ravel(), owners, places.ravel())


def _rows(lengths: Sequence[int], *, width: int) -> list[list[int]]:
    """Texts of each row, by first fit decreasing (Johnson 1973: at most 11/9 of the fewest rows, and one)."""
    rows: list[list[int]] = []
    free: list[int] = []
    for text in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        row = next((i for i, left in enumerate(free) if left >= lengths[text]), len(rows))
        if row == len(rows):
            rows.append([])
            free.append(width)
        rows[row].append(text)
        free[row] -= lengths[text]
    return rows
