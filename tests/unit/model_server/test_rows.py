"""Texts that share rows: every token has a place of its own, beside tokens of its own text."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from model_server.inference.rows import NOBODY, lay_out
from model_server.inference.runtime import IntArray

LENGTHS = st.lists(st.integers(1, 130), min_size=1, max_size=40)


def padding_mask(lengths: list[int]) -> IntArray:
    return (np.arange(max(lengths)) < np.array(lengths)[:, None]).astype(np.int64)


@given(lengths=LENGTHS, row_tokens=st.integers(1, 200))
def test_packing_and_unpacking_gives_every_token_back(lengths: list[int], row_tokens: int) -> None:
    mask = padding_mask(lengths)
    padded = np.arange(mask.size)
    layout = lay_out(mask, row_tokens=row_tokens)

    back = padded[layout.sources][layout.places]

    assert (back[mask.ravel() == 1] == padded[mask.ravel() == 1]).all()


@given(lengths=LENGTHS, row_tokens=st.integers(1, 200))
def test_a_place_belongs_to_the_text_whose_token_lies_there_and_its_tokens_lie_side_by_side(
    lengths: list[int], row_tokens: int
) -> None:
    mask = padding_mask(lengths)
    layout = lay_out(mask, row_tokens=row_tokens)
    owners, sources = layout.owners.ravel(), layout.sources

    used = owners != NOBODY
    assert used.sum() == sum(lengths)
    assert (sources[used] // mask.shape[1] == owners[used]).all()
    for text, length in enumerate(lengths):
        row, column = np.nonzero(layout.owners == text)
        assert len(set(row)) == 1
        assert column.tolist() == list(range(column[0], column[0] + length))


@given(lengths=LENGTHS, row_tokens=st.integers(1, 200))
def test_no_two_rows_could_have_been_one(lengths: list[int], row_tokens: int) -> None:
    layout = lay_out(padding_mask(lengths), row_tokens=row_tokens, width_step=1)
    filled = sorted((layout.owners != NOBODY).sum(axis=1).tolist())

    assert layout.owners.shape[1] == max(*lengths, min(row_tokens, sum(lengths)))
    assert len(filled) == 1 or filled[0] + filled[1] > layout.owners.shape[1]


def test_the_layout_of_three_texts_of_which_two_share_a_row() -> None:
    layout = lay_out(padding_mask([2, 4, 1]), row_tokens=4, width_step=4)

    assert layout.owners.tolist() == [[1, 1, 1, 1], [0, 0, 2, NOBODY]]
    assert layout.sources.tolist() == [4, 5, 6, 7, 0, 1, 8, 0]
    assert layout.places.tolist() == [4, 5, 0, 0, 0, 1, 2, 3, 6, 0, 0, 0]


@given(lengths=LENGTHS, row_tokens=st.integers(1, 200), step=st.integers(1, 40))
def test_rows_have_few_different_widths(lengths: list[int], row_tokens: int, step: int) -> None:
    width = lay_out(padding_mask(lengths), row_tokens=row_tokens, width_step=step).owners.shape[1]

    assert width % step == 0
    assert 0 <= width - max(*lengths, min(row_tokens, sum(lengths))) < step
