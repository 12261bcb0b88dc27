"""The file format of the spool: what was written whole is read back, and nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.store.segment import (
    Header,
    Records,
    TornHeader,
    UnreadableSegment,
    decode_header,
    decode_records,
    encode_header,
    encode_records,
)

payloads = st.lists(st.binary(min_size=2, max_size=40), min_size=1, max_size=8)


def decode_all(data: bytes, limit: int | None = None) -> Records:
    return decode_records(data, start=0, limit=len(data) if limit is None else limit, max_rows=1000)


@given(payloads)
def test_records_are_read_back_in_order(rows: list[bytes]) -> None:
    data = encode_records(rows)
    assert decode_all(data) == Records(tuple(rows), (), end=len(data), torn_bytes=0)


@given(payloads, st.data())
def test_a_segment_cut_anywhere_gives_its_whole_records_and_counts_the_torn_bytes(
    rows: list[bytes], data: st.DataObject
) -> None:
    whole = encode_records(rows)
    cut = data.draw(st.integers(0, len(whole)))
    ends = [len(encode_records(rows[:count])) for count in range(len(rows) + 1)]
    kept = sum(end <= cut for end in ends) - 1
    assert decode_all(whole[:cut]) == Records(tuple(rows[:kept]), (), end=cut, torn_bytes=cut - ends[kept])


@given(payloads, st.data())
def test_a_flipped_bit_in_a_payload_costs_that_record_alone(rows: list[bytes], data: st.DataObject) -> None:
    victim = data.draw(st.integers(0, len(rows) - 1))
    start = len(encode_records(rows[:victim])) + 8
    offset = data.draw(st.integers(start, start + len(rows[victim]) - 1))
    damaged = bytearray(encode_records(rows))
    damaged[offset] ^= 1 << data.draw(st.integers(0, 7))
    records = decode_all(bytes(damaged))
    assert records.rows == tuple(rows[:victim] + rows[victim + 1 :])
    assert len(records.corrupt) == 1


@given(payloads, st.integers(1, 5000))
def test_pages_of_zeros_after_a_power_cut_are_torn_bytes(rows: list[bytes], zeros: int) -> None:
    data = encode_records(rows)
    assert decode_all(data + bytes(zeros)) == Records(tuple(rows), (), len(data) + zeros, torn_bytes=zeros)


def test_a_record_beyond_the_bytes_at_hand_is_left_for_the_next_read() -> None:
    data = encode_records([b"first", b"second"])
    assert decode_all(data[:-1], limit=len(data)) == Records((b"first",), (), end=13, torn_bytes=0)


def test_reading_stops_at_the_wanted_number_of_rows() -> None:
    data = encode_records([b"first", b"second"])
    assert decode_records(data, start=0, limit=len(data), max_rows=1) == Records((b"first",), (), 13, 0)


def test_a_header_names_the_columns_of_its_tuples() -> None:
    data = encode_header(("prediction_id", "predicted_at"))
    assert decode_header(data + b"records") == Header(("prediction_id", "predicted_at"), size=len(data))


@given(st.integers(0, len(encode_header(("a",))) - 1))
def test_a_header_cut_anywhere_is_torn(length: int) -> None:
    with pytest.raises(TornHeader, match="ends inside its header"):
        decode_header(encode_header(("a",))[:length])


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda data: b"X" + data[1:], "not a spool segment"),
        (lambda data: data[:9] + b"\x02" + data[10:], "format 2, this version reads 1"),
        (lambda data: data[:-1] + bytes([data[-1] ^ 1]), "header is damaged"),
    ],
)
def test_a_strange_header_is_told_apart(change, complaint: str) -> None:
    with pytest.raises(UnreadableSegment, match=complaint):
        decode_header(change(encode_header(("a",))))
