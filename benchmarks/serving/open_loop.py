"""Requests at given times whatever the server does: latency as users meet it, from the intended time on.

A closed loop stops asking while the server stalls and so hides the stall ("coordinated omission", G. Tene,
How NOT to Measure Latency, 2013). Here arrivals go on, and a request that could not even be sent counts from
the moment at which it was due.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

import uvloop

from benchmarks.serving.exchange import LOST, Exchange
from benchmarks.serving.spread import percentile

UNANSWERED: Final = -1


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """What to send, and when.

    Attributes:
        host: address of the server.
        port: its port.
        requests: prepared requests, sent in turn and again from the start.
        rate: arrivals a second.
        seconds: how long new ones arrive.
        arrivals: `poisson`: independent users; `constant`: evenly spaced, for few samples.
        seed: of the arrival times.
        connections: most connections; an arrival beyond waits, and its waiting counts.
        drain_s: seconds to wait for replies after the last arrival.
    """

    host: str
    port: int
    requests: Sequence[bytes]
    rate: float
    seconds: float
    arrivals: Literal["poisson", "constant"] = "poisson"
    seed: int = 7
    connections: int = 1024
    drain_s: float = 10.0

    def due_times(self) -> list[float]:
        """Seconds from the start at which requests are due, rising."""
        if self.arrivals == "constant":
            return [i / self.rate for i in range(int(self.rate * self.seconds))]
        return list(self._poisson())

    def _poisson(self) -> Iterator[float]:
        generator = random.Random(self.seed)  # noqa: S311  # arrival times, not secrets
        at = generator.expovariate(self.rate)
        while at < self.seconds:
            yield at
            at += generator.expovariate(self.rate)


@dataclass(frozen=True, slots=True)
class OpenRun:
    """What came back.

    Attributes:
        seconds: how long requests arrived.
        latencies_ms: by status (0: connection lost, -1: no reply in time, counted up to when we gave up),
            from the intended time.
        good_in_time: replies with status 200 that came while requests still arrived.
        late_ms: how late the generator itself was at its 99th percentile; large means that it was the limit.
        cpu_s: processor seconds of the generator.
        wall_s: seconds of the whole run.
    """

    seconds: float
    latencies_ms: dict[int, list[float]] = field(repr=False)
    good_in_time: int
    late_ms: float
    cpu_s: float
    wall_s: float

    def count(self, status: int) -> int:
        """Replies with that status."""
        return len(self.latencies_ms.get(status, []))

    @property
    def all_ms(self) -> list[float]:
        """Latencies of every arrival, whatever became of it."""
        return [value for values in self.latencies_ms.values() for value in values]

    def percentile_ms(self, share: float, *, status: int | None = None) -> float:
        """Of one status, or of every arrival; NaN when there is none."""
        values = self.all_ms if status is None else self.latencies_ms.get(status, [])
        return percentile(values, share) if values else float("nan")


def open_loop(load: OpenLoad) -> OpenRun:
    """Run it to the end in this process, which should have nothing else to do."""
    return uvloop.run(_Arrivals(load).run())


class _Arrivals:
    def __init__(self, load: OpenLoad) -> None:
        self._load = load
        self._due = load.due_times()
        self._position = 0
        self._idle: list[Exchange] = []
        self._connections = 0
        self._waiting: deque[int] = deque()
        self._under_way: dict[Exchange, int] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._replies: list[tuple[int, int, float]] = []
        self._late: list[float] = []

    async def run(self) -> OpenRun:
        self._loop = asyncio.get_running_loop()
        self._finished = self._loop.create_future()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(8):  # connecting is not what is measured
            await self._connect(None)
        self._start = self._loop.time() + 0.01
        self._loop.call_at(self._start, self._arrive)
        await asyncio.wait([self._finished], timeout=self._load.seconds + self._load.drain_s)
        run = self._result(cpu_s=time.process_time() - cpu, wall_s=time.perf_counter() - wall)
        for exchange in {*self._idle, *self._under_way}:
            exchange.close()
        return run

    def _arrive(self) -> None:
        """Send everything that is due by now, and come back for the next."""
        now = self._loop.time() - self._start
        while self._position < len(self._due) and self._due[self._position] <= now:
            self._late.append(now - self._due[self._position])
            self._dispatch(self._position)
            self._position += 1
        if self._position < len(self._due):
            self._loop.call_at(self._start + self._due[self._position], self._arrive)

    def _dispatch(self, number: int) -> None:
        while self._idle:
            exchange = self._idle.pop()
            if exchange.open:
                self._send(exchange, number)
                return
            self._connections -= 1
        if self._connections < self._load.connections:
            task = self._loop.create_task(self._connect(number))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        else:
            self._waiting.append(number)

    async def _connect(self, number: int | None) -> None:
        self._connections += 1
        try:
            _, exchange = await self._loop.create_connection(
                lambda: Exchange(self._on_reply), self._load.host, self._load.port
            )
        except OSError:
            self._connections -= 1
            if number is not None:
                self._note(number, LOST)
            return
        if number is None:
            self._idle.append(exchange)
        else:
            self._send(exchange, number)

    def _send(self, exchange: Exchange, number: int) -> None:
        self._under_way[exchange] = number
        exchange.send(self._load.requests[number % len(self._load.requests)])

    def _on_reply(self, exchange: Exchange, status: int) -> None:
        self._note(self._under_way.pop(exchange), status)
        if not exchange.open:
            self._connections -= 1
            if self._waiting:
                self._dispatch(self._waiting.popleft())
        elif self._waiting:
            self._send(exchange, self._waiting.popleft())
        else:
            self._idle.append(exchange)

    def _note(self, number: int, status: int) -> None:
        self._replies.append((number, status, self._loop.time() - self._start))
        if len(self._replies) == len(self._due) and not self._finished.done():
            self._finished.set_result(None)

    def _result(self, *, cpu_s: float, wall_s: float) -> OpenRun:
        end = self._loop.time() - self._start
        latencies: dict[int, list[float]] = {}
        answered = set()
        for number, status, at in self._replies:
            answered.add(number)
            latencies.setdefault(status, []).append((at - self._due[number]) * 1e3)
        for number in set(range(len(self._due))) - answered:
            latencies.setdefault(UNANSWERED, []).append((end - self._due[number]) * 1e3)
        return OpenRun(
            seconds=self._load.seconds,
            latencies_ms=latencies,
            good_in_time=sum(status == 200 and at <= self._load.seconds for _, status, at in self._replies),
            late_ms=percentile(self._late, 0.99) * 1e3 if self._late else 0.0,
            cpu_s=cpu_s,
            wall_s=wall_s,
        )
