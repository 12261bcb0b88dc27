"""The next batch holds the oldest text and those nearest to it in length, within the limits."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from model_server.batch_plan import BatchLimits, choose_batch

LENGTHS = st.lists(st.integers(1, 512), min_size=1, max_size=60)
LIMITS = st.builds(
    BatchLimits, texts=st.integers(1, 40), tokens=st.integers(8, 4096), fixed_tokens=st.integers(0, 400)
)


@given(lengths=LENGTHS, limits=LIMITS)
def test_every_batch_holds_the_oldest_text_and_keeps_the_limits(
    lengths: list[int], limits: BatchLimits
) -> None:
    batch = choose_batch(lengths, limits=limits)

    assert 0 in batch
    assert len(set(batch)) == len(batch) <= limits.texts
    # A text that is over the budget by itself still has to be answered: alone.
    assert len(batch) == 1 or len(batch) * max(lengths[i] for i in batch) <= limits.tokens


@given(lengths=LENGTHS, limits=LIMITS)
def test_a_batch_is_a_run_of_neighbours_in_length(lengths: list[int], limits: BatchLimits) -> None:
    batch = choose_batch(lengths, limits=limits)
    inside = sorted(lengths[i] for i in batch)
    outside = [length for i, length in enumerate(lengths) if i not in batch]

    assert not [length for length in outside if inside[0] < length < inside[-1]]


def price(batch: list[int], *, fixed_tokens: int) -> float:
    return (fixed_tokens + len(batch) * max(batch)) / sum(batch)


@given(lengths=LENGTHS, limits=LIMITS)
def test_no_batch_makes_a_token_dearer_than_the_oldest_text_alone(
    lengths: list[int], limits: BatchLimits
) -> None:
    batch = [lengths[i] for i in choose_batch(lengths, limits=limits)]
    fixed = limits.fixed_tokens

    assert price(batch, fixed_tokens=fixed) <= price(lengths[:1], fixed_tokens=fixed)


@given(length=st.integers(1, 512), count=st.integers(1, 60), limits=LIMITS)
def test_of_equally_long_texts_as_many_as_the_limits_allow_go_together(
    length: int, count: int, limits: BatchLimits
) -> None:
    assert len(choose_batch([length] * count, limits=limits)) == min(
        count, limits.texts, max(1, limits.tokens // length)
    )


def test_texts_of_similar_length_go_together() -> None:
    assert sorted(choose_batch([5, 9, 7], limits=BatchLimits(texts=8, tokens=64, fixed_tokens=20))) == [
        0,
        1,
        2,
    ]


def test_long_texts_wait_for_each_other_rather_than_padding_the_short_ones() -> None:
    limits = BatchLimits(texts=8, tokens=4096, fixed_tokens=20)

    assert sorted(choose_batch([10, 200, 11, 190, 12], limits=limits)) == [0, 2, 4]


def test_where_starting_a_pass_is_dear_padding_is_the_lesser_evil() -> None:
    limits = BatchLimits(texts=8, tokens=4096, fixed_tokens=2048)

    assert len(choose_batch([10, 200, 11, 190, 12], limits=limits)) == 5


@given(lengths=LENGTHS, limits=LIMITS)
def test_where_texts_share_rows_they_go_in_order_of_arrival_and_none_that_would_fit_waits(
    lengths: list[int], limits: BatchLimits
) -> None:
    batch = choose_batch(lengths, limits=replace(limits, packed=True))
    tokens = sum(lengths[i] for i in batch)
    passed = [i for i in range(len(lengths)) if i not in batch]

    assert batch[0] == 0
    assert batch == sorted(batch)
    assert len(batch) <= limits.texts
    assert len(batch) == 1 or tokens <= limits.tokens
    if len(batch) < limits.texts:
        assert all(tokens + lengths[i] > limits.tokens for i in passed if i > batch[-1])


def test_a_short_text_that_shares_rows_does_not_wait_for_others_of_its_length() -> None:
    limits = BatchLimits(texts=8, tokens=4096, fixed_tokens=20, packed=True)

    assert choose_batch([10, 200, 11, 190, 12], limits=limits) == [0, 1, 2, 3, 4]
