from __future__ import annotations

import pytest

from benchmarks.serving.closed_loop import ClosedLoad, closed_loop
from benchmarks.serving.load_result import LoadFailed

REQUEST = b"POST / HTTP/1.1\r\nhost: t\r\ncontent-length: 2\r\n\r\n{}"


def load(port, **changes):
    plain = {"concurrency": 4, "warm_up": 8, "measured": 40, "timeout_s": 20.0}
    return ClosedLoad("127.0.0.1", port, [REQUEST], **{**plain, **changes})


def test_four_clients_of_a_server_that_takes_50_ms_get_80_answers_a_second_at_most(serving):
    with serving(lambda _n: 0.05) as port:
        run = closed_loop(load(port))

    assert run.statuses == {200: 40}
    assert len(run.latencies_ms) == 40
    assert min(run.latencies_ms) >= 49
    assert 20 < run.per_second <= 81


def test_refusals_are_not_throughput(serving):
    with serving(lambda _n: 0.0, status=503) as port:
        run = closed_loop(load(port))

    assert (run.statuses, run.per_second) == ({503: 40}, 0.0)


def test_a_reply_in_many_pieces_is_one_reply(serving):
    with serving(lambda _n: 0.0, chunks=40) as port:
        run = closed_loop(load(port, measured=10))

    assert run.statuses == {200: 10}


def test_a_lost_connection_voids_the_measurement(serving):
    with (
        serving(lambda n: -1 if n == 20 else 0.0) as port,
        pytest.raises(LoadFailed, match="without an answer"),
    ):
        closed_loop(load(port))


def test_a_server_that_stops_answering_voids_the_measurement(serving):
    with serving(lambda n: 60.0 if n >= 4 else 0.0) as port, pytest.raises(LoadFailed, match="of 48 replies"):
        closed_loop(load(port, timeout_s=0.5))
