"""Memory over many requests of random length: does it still grow after the warm-up.

The server outlives this process and every sample goes to a file: a run that was interrupted goes on where it
ended (`--only soak --requests N` again), as long as the server lives.
"""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import httpx
import psutil

from benchmarks.serving import wire
from benchmarks.serving.closed_loop import ClosedLoad, closed_loop
from benchmarks.serving.generator import in_own_process
from benchmarks.serving.load_result import LoadFailed
from benchmarks.serving.outcome import Detail, Figure, Outcome
from benchmarks.serving.plan import Plan
from benchmarks.serving.processes import resident_mib
from benchmarks.serving.serve import HOST, Serving, server_environment, wait_until_drained
from benchmarks.serving.slope import Slope, slope_after_warm_up
from benchmarks.serving.workload import texts_of_random_length, tiny_model
from modelmonitor.local.ports import free_port
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.schema import migrate

GOAL: Final = 1_000_000
WARM_UP: Final = 0.3
_SAMPLES: Final = 100
_CONCURRENCY: Final = 64
_START_S: Final = 300.0


@dataclass(frozen=True, slots=True)
class Running:
    """The server of an unfinished run; its start time tells it from another process of the same number."""

    pid: int
    started_at: float
    port: int
    postgres_port: int
    model: str

    def alive(self) -> bool:
        """Whether that very process still runs."""
        try:
            return bool(psutil.Process(self.pid).create_time() == self.started_at)
        except psutil.NoSuchProcess:
            return False


def measure(plan: Plan) -> Outcome:
    """Ask until the wanted number of requests is reached, then end the server."""
    return _measure(plan, (plan.cache / "soak").absolute(), model="the demo's model")


def measure_tiny(plan: Plan) -> Outcome:
    """The same server over a model of the same architecture that is fast enough for a million in an hour."""
    small = replace(plan, model=tiny_model(plan.model, plan.cache))
    return _measure(small, (plan.cache / "soak-tiny").absolute(), model="two layers of 32 units")


def _measure(plan: Plan, folder: Path, *, model: str) -> Outcome:
    running = _resumed(folder, plan)
    with EmbeddedPostgres(folder / "postgres", port=running.postgres_port if running else 0) as postgres:
        server = running or _started(folder, plan, postgres)
        samples = [*_samples(folder)]
        for sample in _ask(server, plan, done=samples[-1][0] if samples else 0):
            samples.append(sample)
            with (folder / "samples.jsonl").open("a") as stream:
                stream.write(json.dumps(sample) + "\n")
        _end(server)
    (folder / "server.json").unlink()
    return _outcome(samples, model=model)


def _resumed(folder: Path, plan: Plan) -> Running | None:
    file = folder / "server.json"
    if file.exists():
        running = Running(**json.loads(file.read_text()))
        if running.alive() and running.model == str(plan.model):
            return running
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return None


def _started(folder: Path, plan: Plan, postgres: EmbeddedPostgres) -> Running:
    url = postgres.create_database("bench")
    migrate(url)
    port, grpc_port = free_port(0).number, free_port(0).number
    environment = server_environment(
        plan.model, folder=folder, log="spool", database_url=url, http_port=port, grpc_port=grpc_port
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "model_server"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    _wait_until_ready(process, port, log=folder / "log")
    started_at = psutil.Process(process.pid).create_time()
    running = Running(process.pid, started_at, port, postgres.port, str(plan.model))
    (folder / "server.json").write_text(json.dumps(asdict(running)))
    return running


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, *, log: Path) -> None:
    deadline = time.monotonic() + _START_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://{HOST}:{port}/v2/health/ready", timeout=5).status_code == httpx.codes.OK:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    process.kill()
    msg = f"the server did not start: {log.read_text().splitlines()[-1:]}"
    raise LoadFailed(msg)


def _samples(folder: Path) -> Iterator[tuple[int, float]]:
    file = folder / "samples.jsonl"
    for line in file.read_text().splitlines() if file.exists() else ():
        requests, mib = json.loads(line)
        yield requests, mib


def _ask(server: Running, plan: Plan, *, done: int) -> Iterator[tuple[int, float]]:
    """Requests so far and resident MiB, after each hundredth of the requests, once the log is drained."""
    each = max(_CONCURRENCY + 1, plan.sizes.requests // _SAMPLES)
    serving = Serving(server.pid, server.port)
    # The seed moves on with the requests: a resumed run asks something new.
    texts = texts_of_random_length(plan.texts, seed=done)
    while done < plan.sizes.requests:
        requests = [wire.predict(text) for text in itertools.islice(texts, each)]
        load = ClosedLoad(HOST, server.port, requests, _CONCURRENCY, 1, each - 1, timeout_s=3600)
        run = in_own_process(closed_loop, load)
        if set(run.statuses) != {200}:
            msg = f"the server answered {run.statuses} in the memory row"
            raise LoadFailed(msg)
        done += each
        wait_until_drained(serving)
        yield done, resident_mib(server.pid)


def _end(server: Running) -> None:
    process = psutil.Process(server.pid)
    process.terminate()
    try:
        process.wait(60)
    except psutil.TimeoutExpired:
        process.kill()


def _outcome(samples: list[tuple[int, float]], *, model: str) -> Outcome:
    requests, mib = [count for count, _ in samples], [value for _, value in samples]
    slope = slope_after_warm_up(requests, mib, warm_up=WARM_UP)
    per_million = Slope(slope.value * 1e6, slope.low * 1e6, slope.high * 1e6, slope.points)
    total = requests[-1]
    interval = f"{per_million.value:+.1f} [{per_million.low:+.1f} to {per_million.high:+.1f}]"
    name = (
        f"memory growth over {total:,} requests of random length, {model}, MiB in a million (95 % interval)"
    )
    after = next(value for count, value in samples if count >= WARM_UP * total)
    rows = [[f"{total:,}", f"{mib[0]:.0f}", f"{after:.0f}", f"{mib[-1]:.0f}", f"{max(mib):.0f}", interval]]
    columns = ("requests", "first MiB", "after warm-up", "last", "largest", "MiB in a million requests")
    short = "" if total >= GOAL else f" The goal is for {GOAL:,} requests, this run had {total:,}."
    note = (
        f"/predict at concurrency {_CONCURRENCY}, 1 to 200 words (log-uniform), logged to PostgreSQL; "
        f"resident memory after each of {len(samples)} parts once the log was drained. The first "
        f"{WARM_UP:.0%} are warm-up.{short}"
    )
    goal = "interval holds 0" if total >= GOAL else f"interval holds 0 (at {GOAL:,} requests)"
    figure = Figure(name, goal, interval, met=per_million.is_flat)
    return Outcome(
        [figure], [Detail(f"Memory, {model}", columns, rows, note)], {"requests": requests, "rss_mib": mib}
    )
