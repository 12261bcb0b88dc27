from __future__ import annotations

from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.demo.batches import reading_batches, training_batches

LENGTHS = st.lists(st.integers(1, 64), max_size=300)
SIZES = st.integers(1, 40)


@given(lengths=LENGTHS, size=SIZES, seed=st.integers(0, 2**32))
def test_every_row_is_in_exactly_one_training_batch(lengths, size, seed):
    batches = training_batches(lengths, size, seed=seed)

    assert sorted(chain.from_iterable(batches)) == list(range(len(lengths)))
    assert all(1 <= len(batch) <= size for batch in batches)
    assert batches == training_batches(lengths, size, seed=seed)


@given(lengths=LENGTHS, size=SIZES)
def test_reading_goes_from_short_to_long(lengths, size):
    rows = list(chain.from_iterable(reading_batches(lengths, size)))

    assert sorted(rows) == list(range(len(lengths)))
    assert [lengths[row] for row in rows] == sorted(lengths)


def test_batches_of_similar_length_hardly_pad():
    lengths = [5 + (7 * number) % 60 for number in range(1_600)]

    batches = training_batches(lengths, 32, seed=7)

    padded = sum(max(lengths[row] for row in batch) * len(batch) for batch in batches)
    assert padded < 1.05 * sum(lengths)
