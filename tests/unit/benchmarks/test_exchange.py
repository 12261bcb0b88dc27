from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.serving.exchange import LOST, Exchange, ReplyUnreadable


class Wire:
    """A transport that keeps what is written."""

    def __init__(self) -> None:
        self.sent = b""

    def write(self, data: bytes) -> None:
        self.sent += data


def connected() -> tuple[Exchange, list[tuple[int, bytes]]]:
    replies: list[tuple[int, bytes]] = []
    exchange = Exchange(lambda which, status: replies.append((status, which.body)))
    exchange.connection_made(Wire())
    return exchange, replies


def reply(status: int, body: bytes, header: bytes = b"Content-Length") -> bytes:
    return b"HTTP/1.1 %d Whatever\r\nx: y\r\n%b: %d\r\nz: 1\r\n\r\n%b" % (status, header, len(body), body)


@given(
    status=st.sampled_from([200, 404, 503]),
    body=st.binary(max_size=60),
    cuts=st.lists(st.integers(0, 150), max_size=6),
)
def test_a_reply_is_read_the_same_wherever_the_network_cuts_it(status, body, cuts):
    exchange, replies = connected()
    data = reply(status, body)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]

    exchange.send(b"request")
    for start, end in itertools.pairwise(edges):
        exchange.data_received(data[start:end])

    assert replies == [(status, body)]
    assert not exchange.busy


def test_a_second_request_while_one_is_under_way_is_refused():
    exchange, _ = connected()
    exchange.send(b"one")

    with pytest.raises(RuntimeError, match="one request at a time"):
        exchange.send(b"two")


def test_a_connection_that_ends_is_reported_only_when_a_request_was_under_way():
    exchange, replies = connected()
    exchange.connection_lost(None)
    busy, lost = connected()
    busy.send(b"request")
    busy.connection_lost(None)

    assert (replies, lost) == ([], [(LOST, b"")])


def test_a_reply_without_a_length_is_refused_rather_than_misread():
    exchange, _ = connected()
    exchange.send(b"request")

    with pytest.raises(ReplyUnreadable, match="no Content-Length"):
        exchange.data_received(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
