"""The next batch holds the oldest text and those nearest to it in length, within the limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model_server.batch_plan import BatchLimits, choose_batch

LENGTHS = st.lists(st.integers(1, 512), min_size=1, max_size=60)
LIMITS = st.builds(BatchLimits, texts=st.integers(1, 40), tokens=st.integers(8, 4096))


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


def test_everything_goes_together_when_the_limits_allow() -> None:
    assert sorted(choose_batch([5, 9, 7], limits=BatchLimits(texts=8, tokens=64))) == [0, 1, 2]


def test_long_texts_wait_for_each_other_rather_than_padding_the_short_ones() -> None:
    assert sorted(choose_batch([10, 200, 11, 190, 12], limits=BatchLimits(texts=8, tokens=256))) == [0, 2, 4]
