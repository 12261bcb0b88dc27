"""What the server adds to one text when nothing else is asked: each request paired with the bare model."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Sequence

from benchmarks.serving import wire
from benchmarks.serving.offline import Offline, Single, offline
from benchmarks.serving.outcome import Detail, Outcome, at_most
from benchmarks.serving.plan import Plan
from benchmarks.serving.serve import HOST, predictor
from benchmarks.serving.spread import percentile

_WARM_UP = 50


def measure(plan: Plan) -> Outcome:
    """Bare model and server in turns over the same texts, each text once on either side."""
    with (
        predictor(plan.model) as server,
        offline(plan.model) as bare,
        socket.create_connection((HOST, server.port)) as connection,
    ):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pairs = _pairs(plan, bare, connection)
    return _outcome(pairs)


def _pairs(plan: Plan, bare: Offline, connection: socket.socket) -> list[tuple[Single, float]]:
    texts = itertools.islice(itertools.cycle(plan.texts), plan.sizes.pairs + _WARM_UP)
    pairs = []
    for number, text in enumerate(texts):
        # Whoever goes first meets cold caches: they take turns.
        if number % 2:
            served, single = _asked(connection, text), bare.single(text)
        else:
            single, served = bare.single(text), _asked(connection, text)
        pairs.append((single, served))
    return pairs[_WARM_UP:]


def _asked(connection: socket.socket, text: str) -> float:
    """Milliseconds of one request."""
    request = wire.predict(text)
    begun = time.perf_counter()
    connection.sendall(request)
    reply = connection.recv(65536)
    while b"\r\n\r\n" not in reply or not reply.endswith(b"}"):
        reply += connection.recv(65536)
    return (time.perf_counter() - begun) * 1e3


def _outcome(pairs: Sequence[tuple[Single, float]]) -> Outcome:
    served = [each for _, each in pairs]
    forward = [single.forward_ms for single, _ in pairs]
    both = [single.forward_ms + single.encode_ms for single, _ in pairs]
    added = [ours - base for ours, base in zip(served, forward, strict=True)]
    over_both = [ours - base for ours, base in zip(served, both, strict=True)]
    p50, p99 = percentile(added, 0.5), percentile(added, 0.99)
    figures = [
        at_most(
            "added latency at concurrency 1 over the bare forward, p50", p50, goal=1.0, text=f"{p50:.2f} ms"
        ),
        at_most(
            "added latency at concurrency 1 over the bare forward, p99", p99, goal=3.0, text=f"{p99:.2f} ms"
        ),
    ]
    series = {
        "bare forward": forward,
        "bare tokenising and forward": both,
        "/predict": served,
        "added over the forward, pair by pair": added,
        "added over tokenising and forward, pair by pair": over_both,
    }
    rows = [
        [name, *(f"{percentile(values, share):.2f}" for share in (0.5, 0.9, 0.99))]
        for name, values in series.items()
    ]
    note = (
        f"{len(pairs)} texts, log off. The p99 of the pairs also holds the bare model's own jitter; the "
        f"difference of the two p99 is {percentile(served, 0.99) - percentile(forward, 0.99):.2f} ms."
    )
    return Outcome(
        figures,
        [Detail("One request at a time", ("ms", "p50", "p90", "p99"), rows, note)],
        {"p50": p50, "p99": p99},
    )
