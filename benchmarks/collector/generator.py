"""Open-loop generator, a process of its own: sends each event when it is due, answered or not.

Latency counts from the moment at which an event was due, so that a slow server cannot slow its measurement.
The process spins on one core; its own lateness is measured beside the answers.
"""

from __future__ import annotations

import argparse
import gc
import select
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import orjson

from benchmarks.collector.traffic import events

_OK: Final = b"HTTP/1.1 200"
_PATIENCE_S: Final = 30.0


@dataclass(slots=True)
class Timings:
    """Seconds from due to answered, and to sent, of each event, and what came instead of 200, by kind."""

    answered: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)


class Stream:
    """One paced stream over as many connections as it needs.

    Args:
        address: of the server.
        keep: use connections again; else a new one for each event, as KServe's agent does.
    """

    def __init__(self, address: tuple[str, int], *, keep: bool) -> None:
        self._address = address
        self._keep = keep
        self._idle: list[socket.socket] = []
        self._flying: dict[int, tuple[socket.socket, float]] = {}
        self._poll = select.epoll()
        self.timings = Timings()

    def run(self, requests: list[bytes], *, rate: float) -> Timings:
        """Send all, `rate` a second, and wait for the answers."""
        clock, gap = time.perf_counter, 1.0 / rate
        start, number, count = clock() + 0.1, 0, len(requests)
        while number < count or self._flying:
            now = clock()
            while number < count and start + number * gap <= now:
                self._send(requests[number], due=start + number * gap)
                number += 1
            self._collect()
            if now > start + count * gap + _PATIENCE_S:
                self.timings.failed["no answer in time"] += len(self._flying)
                break
        return self.timings

    def _send(self, data: bytes, *, due: float) -> None:
        connection = self._idle.pop() if self._idle else self._connect()
        self.timings.late.append(time.perf_counter() - due)
        self._flying[connection.fileno()] = (connection, due)
        try:
            connection.sendall(data)
        except OSError:
            # The answer, or its absence, is read as ever.
            return

    def _connect(self) -> socket.socket:
        connection = socket.create_connection(self._address)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._poll.register(connection.fileno(), select.EPOLLIN)
        return connection

    def _collect(self) -> None:
        for number, _ in self._poll.poll(0):
            if number in self._flying:
                self._read(number)
            else:
                self._forget(next(idle for idle in self._idle if idle.fileno() == number))

    def _read(self, number: int) -> None:
        connection, due = self._flying[number]
        try:
            answer = connection.recv(4096)
        except OSError:
            answer = b""
        if answer and not answer.endswith(b"}"):
            return  # the body comes in a packet of its own
        self.timings.answered.append(time.perf_counter() - due)
        self._flying.pop(number)
        if not self._is_ok(answer):
            self.timings.failed[_kind(answer)] += 1
        self._idle.append(connection)
        if not (self._keep and answer):
            self._forget(connection)

    def _forget(self, connection: socket.socket) -> None:
        self._idle.remove(connection)
        self._poll.unregister(connection.fileno())
        connection.close()

    def _is_ok(self, answer: bytes) -> bool:
        # A body alone follows a head that was read before; heads of refusals bring other bodies.
        return answer.startswith(_OK) or answer == b"{}"


def _kind(answer: bytes) -> str:
    return f"status {answer[9:12].decode('latin-1')}" if answer else "connection closed"


def main() -> int:
    """Print the timings as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true")
    chosen = parser.parse_args()
    requests = list(events(chosen.pairs, seed=chosen.seed))
    gc.disable()
    timings = Stream(("127.0.0.1", chosen.port), keep=chosen.keep).run(requests, rate=chosen.rate)
    out = {"answered": timings.answered, "late": timings.late, "failed": timings.failed}
    sys.stdout.buffer.write(orjson.dumps(out))
    return 0


if __name__ == "__main__":
    sys.exit(main())
