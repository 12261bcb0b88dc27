from __future__ import annotations

import itertools
import socket
import time

import pytest

from benchmarks.serving.exchange import LOST
from benchmarks.serving.open_loop import UNANSWERED, OpenLoad, open_loop

REQUEST = b"GET / HTTP/1.1\r\nhost: t\r\n\r\n"


def load(port, **changes):
    plain = {"rate": 100.0, "seconds": 1.0, "arrivals": "constant"}
    return OpenLoad("127.0.0.1", port, [REQUEST], **{**plain, **changes})


def test_a_server_with_a_known_delay_is_reported_with_that_delay(serving):
    with serving(lambda _n: 0.1) as port:
        run = open_loop(load(port))

    assert run.count(200) == 100
    assert min(run.all_ms) >= 99
    # An idle machine says 101; three times as much would already be another server.
    assert run.percentile_ms(0.5) < 300


def test_a_stall_shows_in_the_percentiles_although_the_stalled_server_answered_little_meanwhile(serving):
    def stall(number: int) -> float:
        if number == 20:
            time.sleep(0.6)  # the whole server, as a garbage collection or a blocked event loop would
        return 0.0

    with serving(stall) as port:
        run = open_loop(load(port))

    # 60 of the 100 requests were due during the stall, evenly over its 600 ms: half of those waited 300 ms.
    assert run.count(200) == 100
    assert run.percentile_ms(0.99) >= 500
    assert run.percentile_ms(0.75) >= 250
    assert run.percentile_ms(0.50) >= 20


def test_an_arrival_that_finds_no_connection_waits_and_its_waiting_counts(serving):
    with serving(lambda _n: 0.05) as port:
        # 8 connections of 50 ms each carry 160 a second; 400 arrive.
        run = open_loop(load(port, rate=400.0, seconds=0.5, connections=8))

    assert run.count(200) == 200
    assert max(run.all_ms) >= 500


def test_a_request_that_is_never_answered_is_counted_up_to_the_end_and_not_dropped(serving):
    with serving(lambda n: 30.0 if n == 5 else 0.0) as port:
        run = open_loop(load(port, seconds=0.2, drain_s=0.5))

    assert run.count(UNANSWERED) == 1
    assert run.count(200) == 19
    assert max(run.all_ms) >= 400


def test_a_lost_connection_is_a_status_of_its_own_and_the_load_goes_on(serving):
    with serving(lambda n: -1 if n % 4 == 1 else 0.0) as port:
        run = open_loop(load(port, seconds=0.4))

    assert {status: run.count(status) for status in run.latencies_ms} == {200: 30, 0: 10}


def test_refusals_are_kept_apart_from_answers(serving):
    with serving(lambda _n: 0.0, status=503) as port:
        run = open_loop(load(port, seconds=0.1))

    assert (run.count(503), run.good_in_time) == (10, 0)


def test_a_server_that_is_not_there_is_reported_as_lost():
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # taken, and nobody listens
        run = open_loop(load(bound.getsockname()[1], seconds=0.1))

    assert {status: run.count(status) for status in run.latencies_ms} == {LOST: 10}


@pytest.mark.parametrize("rate", [10.0, 1000.0])
def test_poisson_arrivals_have_the_rate_and_are_the_same_for_the_same_seed(rate):
    plan = OpenLoad("h", 1, [REQUEST], rate=rate, seconds=2000 / rate)
    due = plan.due_times()

    assert due == plan.due_times()
    assert due == sorted(due)
    assert 1800 < len(due) < 2200
    gaps = [b - a for a, b in itertools.pairwise(due)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    # An exponential distribution has its mean as deviation; evenly spaced arrivals would have 0.
    assert deviation == pytest.approx(mean, rel=0.15)
