"""The processes of one measurement: server and generator on a core each, PostgreSQL stopped or started."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from modelmonitor.store.connection import connect

COLLECTOR: Final = ("-m", "model_server.collector")
FLOOR: Final = ("-m", "benchmarks.collector.floor")
_START_S: Final = 60.0
_DRAIN_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Stream:
    """A paced stream: `pairs` requests and responses at `rate` events a second; `keep` reuses connections."""

    pairs: int
    rate: float
    keep: bool
    seed: int


@dataclass(frozen=True, slots=True)
class Answers:
    """Milliseconds from due to answered, from due to sent at p99, and what came instead of 200, by kind."""

    p50: float
    p99: float
    p999: float
    late_p99: float
    failed: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Drained:
    """What became of the backlog: pairs sent and joined, halves left over, and seconds that it took."""

    sent: int
    joined: int
    left: int
    seconds: float


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], *, port: int, settings: Mapping[str, str]) -> Iterator[None]:
    """A server on the first core, from the moment at which it listens."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MM_")}
    process = subprocess.Popen([sys.executable, *command], env={**inherited, **settings})
    try:
        os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
        _wait_for_port(port)
        yield
    finally:
        process.terminate()
        process.wait(60)


def collector_settings(port: int, spool: Path, database_url: str) -> Mapping[str, str]:
    """The environment of a collector."""
    values = {"HOST": "127.0.0.1", "PORT": port, "SPOOL_DIR": spool, "DATABASE_URL": database_url}
    return {f"MM_COLLECTOR_{name}": str(value) for name, value in values.items()}


def send(stream: Stream, *, port: int) -> Answers:
    """Run the generator on the last core."""
    command = [sys.executable, "-m", "benchmarks.collector.generator", *("--port", str(port))]
    command += ["--rate", str(stream.rate), "--pairs", str(stream.pairs), "--seed", str(stream.seed)]
    process = subprocess.Popen([*command, *(["--keep"] if stream.keep else [])], stdout=subprocess.PIPE)
    os.sched_setaffinity(process.pid, {max(os.sched_getaffinity(0))})
    output, _ = process.communicate()
    timings = orjson.loads(output)
    answered = statistics.quantiles(timings["answered"], n=1000)
    late = statistics.quantiles(timings["late"], n=100)
    ms = [1000 * each for each in (answered[499], answered[989], answered[998], late[98])]
    return Answers(ms[0], ms[1], ms[2], ms[3], failed=timings["failed"])


def wait_until_drained(database_url: str, *, sent: int) -> Drained:
    """Count joined pairs until all are there, or no more come for a minute."""
    started = last_change = time.monotonic()
    joined = left = 0
    while (
        joined < sent and time.monotonic() - started < _DRAIN_S and time.monotonic() - last_change < _START_S
    ):
        time.sleep(0.2)
        with closing(connect(database_url, application_name="bench")) as conn, conn.cursor() as cursor:
            cursor.execute(
                "SELECT (SELECT count(*) FROM prediction_logs), (SELECT count(*) FROM event_halves)"
            )
            before = joined
            joined, left = cursor.fetchone() or (0, 0)
        if joined != before:
            last_change = time.monotonic()
    return Drained(sent, joined, left, time.monotonic() - started)


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
