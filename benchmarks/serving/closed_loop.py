"""A fixed number of clients that each wait for their reply: what a server can do at most, not its latency."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import uvloop

from benchmarks.serving.exchange import Exchange
from benchmarks.serving.load_result import LoadFailed


@dataclass(frozen=True, slots=True)
class ClosedLoad:
    """What to send.

    Attributes:
        host: address of the server.
        port: its port.
        requests: prepared requests, sent in turn and again from the start.
        concurrency: connections, each with one request under way.
        warm_up: replies before the measurement.
        measured: replies that it lasts; the load goes on to its end, so no tail of small batches counts.
        timeout_s: seconds after which the run has failed.
    """

    host: str
    port: int
    requests: Sequence[bytes]
    concurrency: int
    warm_up: int
    measured: int
    timeout_s: float = 120.0


@dataclass(frozen=True, slots=True)
class ClosedRun:
    """What came back.

    Attributes:
        seconds: from the end of the warm-up to the last measured reply.
        statuses: number of measured replies by status.
        latencies_ms: of the measured replies.
        cpu_s: processor seconds of the generator, warm-up included.
        wall_s: seconds of the whole run, warm-up included.
    """

    seconds: float
    statuses: dict[int, int]
    latencies_ms: list[float] = field(repr=False)
    cpu_s: float
    wall_s: float

    @property
    def per_second(self) -> float:
        """Good replies a second."""
        return self.statuses.get(200, 0) / self.seconds


def closed_loop(load: ClosedLoad) -> ClosedRun:
    """Run it to the end in this process, which should have nothing else to do.

    Raises:
        LoadFailed: a connection was lost, or the time was not enough.
    """
    return uvloop.run(_Clients(load).run())


class _Clients:
    def __init__(self, load: ClosedLoad) -> None:
        self._load = load
        self._next = itertools.cycle(load.requests).__next__
        self._sent: dict[Exchange, float] = {}
        self._statuses: Counter[int] = Counter()
        self._latencies: list[float] = []
        self._seen = 0
        self._begun = 0.0
        self._ended = 0.0

    async def run(self) -> ClosedRun:
        loop = asyncio.get_running_loop()
        self._done = loop.create_future()
        cpu, wall = time.process_time(), time.perf_counter()
        exchanges = [
            (
                await loop.create_connection(
                    lambda: Exchange(self._on_reply), self._load.host, self._load.port
                )
            )[1]
            for _ in range(self._load.concurrency)
        ]
        for exchange in exchanges:
            self._send(exchange)
        try:
            await asyncio.wait_for(self._done, self._load.timeout_s)
        except TimeoutError:
            msg = (
                f"{self._seen} of {self._load.warm_up + self._load.measured} replies came in "
                f"{self._load.timeout_s:.0f} s"
            )
            raise LoadFailed(msg) from None
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        for exchange in exchanges:
            exchange.close()
        return ClosedRun(self._ended - self._begun, dict(self._statuses), self._latencies, cpu, wall)

    def _send(self, exchange: Exchange) -> None:
        self._sent[exchange] = time.perf_counter()
        exchange.send(self._next())

    def _on_reply(self, exchange: Exchange, status: int) -> None:
        if self._done.done():
            return
        now = time.perf_counter()
        if not status:
            self._done.set_exception(LoadFailed("the server closed a connection without an answer"))
            return
        self._seen += 1
        if self._seen == self._load.warm_up:
            self._begun = now
        elif self._seen > self._load.warm_up:
            self._statuses[status] += 1
            self._latencies.append((now - self._sent[exchange]) * 1e3)
        if self._seen == self._load.warm_up + self._load.measured:
            self._ended = now
            self._done.set_result(None)
        else:
            self._send(exchange)
