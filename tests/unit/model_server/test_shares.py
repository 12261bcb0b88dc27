"""Every text is in one part, and no core has much more to do than another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model_server.inference.shares import share_out

LENGTHS = st.lists(st.integers(1, 512), min_size=1, max_size=64)


@given(lengths=LENGTHS, parts=st.integers(1, 8))
def test_every_text_is_in_one_part_and_no_part_is_empty(lengths: list[int], parts: int) -> None:
    shares = share_out(lengths, parts=parts)

    assert sorted(text for share in shares for text in share) == list(range(len(lengths)))
    assert len(shares) == min(parts, len(lengths))
    assert all(shares)


@given(lengths=LENGTHS, parts=st.integers(1, 8))
def test_the_parts_differ_by_no_more_than_the_longest_text(lengths: list[int], parts: int) -> None:
    tokens = [sum(lengths[text] for text in share) for share in share_out(lengths, parts=parts)]

    assert max(tokens) - min(tokens) <= max(lengths)


def test_two_long_texts_are_on_two_cores() -> None:
    assert share_out([3, 200, 4, 210], parts=2) == [[3], [1, 2, 0]]
