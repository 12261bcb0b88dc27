"""Texts a second at concurrency 64, by protocol, against the bare sorted forward of the same runtime."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from benchmarks.serving import wire
from benchmarks.serving.closed_loop import ClosedLoad, ClosedRun, closed_loop
from benchmarks.serving.generator import in_own_process
from benchmarks.serving.offline import Offline, Pass, offline
from benchmarks.serving.outcome import Detail, Figure, Outcome, at_least
from benchmarks.serving.plan import CONCURRENCY, Plan, Sizes
from benchmarks.serving.processes import cpu_seconds, held_still
from benchmarks.serving.serve import HOST, Serving, predictor
from benchmarks.serving.spread import Spread, paired_ratios, percentile

GOALS: Final = {"/predict": 0.92, "V2 JSON": 0.86}
COLUMNS: Final = (
    "path",
    "texts/s",
    "over the forward",
    "over tokenising and forward",
    "p50 ms",
    "model's or server's processor ms a text",
    "client's",
)
NOTE: Final = (
    "64 connections, one text each, keep-alive, log off. The client runs on the same cores and counts "
    "against the server. The bare forward takes all texts sorted by length, in batches of the size that was "
    "fastest, with the server's own model object and tokens made beforehand."
)


def measure(plan: Plan) -> Outcome:
    """One server, every protocol and the bare forward in turns."""
    sides = [*wire.HTTP_PROTOCOLS, "gRPC"]
    passes: list[Pass] = []
    runs: dict[str, list[ClosedRun]] = {side: [] for side in sides}
    costs: dict[str, list[float]] = {side: [] for side in sides}
    with predictor(plan.model) as server, offline(plan.model) as bare:
        with held_still([server.pid]):
            tokens = bare.best_budget(plan.texts)
        for _ in range(plan.sizes.repeats):
            with held_still([server.pid]):
                passes.append(bare.whole_pass(plan.texts, tokens=tokens))
            for side in sides:
                run, cpu_s = measured_run(server, _load(side, server, plan), bare=bare)
                runs[side].append(run)
                costs[side].append(1e3 * cpu_s / (plan.sizes.warm_up + plan.sizes.texts))
        how = f"{bare.variant}, {tokens} padded tokens a batch"
    return _outcome(passes, runs, costs, how=how)


def http_load(server: Serving, prepare: Callable[[str], bytes], plan: Plan) -> ClosedLoad:
    """The closed loop of the plan's size over one protocol."""
    return closed_load(server.port, [prepare(text) for text in plan.texts], plan.sizes)


def closed_load(port: int, requests: list[bytes], sizes: Sizes) -> ClosedLoad:
    """The closed loop of the plan's size."""
    return ClosedLoad(
        HOST, port, requests, concurrency=CONCURRENCY, warm_up=sizes.warm_up, measured=sizes.texts
    )


def _load(side: str, server: Serving, plan: Plan) -> Callable[[], ClosedRun]:
    if side == "gRPC":
        messages = [wire.grpc_message(text) for text in plan.texts]
        load = ClosedLoad(HOST, server.grpc_port, messages, CONCURRENCY, plan.sizes.warm_up, plan.sizes.texts)
        return partial(in_own_process, grpc_closed_loop, load)
    return partial(in_own_process, closed_loop, http_load(server, wire.HTTP_PROTOCOLS[side], plan))


def measured_run(
    server: Serving, generate: Callable[[], ClosedRun], *, bare: Offline | None = None
) -> tuple[ClosedRun, float]:
    """The run, and the processor seconds that the server used meanwhile."""
    with held_still([bare.pid] if bare else []):
        before = cpu_seconds(server.pid)
        run = generate()
        return run, cpu_seconds(server.pid) - before


def grpc_closed_loop(load: ClosedLoad) -> ClosedRun:
    """The same closed loop over gRPC with serialised messages; grpcio itself is most of what it costs."""
    return asyncio.run(asyncio.wait_for(_grpc(load), load.timeout_s))


async def _grpc(load: ClosedLoad) -> ClosedRun:
    import grpc.aio  # type: ignore[import-untyped]

    following = itertools.cycle(load.requests).__next__
    finished: list[tuple[float, float]] = []
    total = load.warm_up + load.measured
    cpu, wall = time.process_time(), time.perf_counter()
    async with grpc.aio.insecure_channel(f"{load.host}:{load.port}") as channel:
        infer = channel.unary_unary(wire.GRPC_METHOD)

        async def client() -> None:
            while len(finished) < total:
                sent = time.perf_counter()
                await infer(following())
                finished.append((time.perf_counter(), sent))

        await asyncio.gather(*(client() for _ in range(load.concurrency)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    measured = finished[load.warm_up : total]
    return ClosedRun(
        seconds=measured[-1][0] - finished[load.warm_up - 1][0],
        statuses={200: len(measured)},
        latencies_ms=[(end - sent) * 1e3 for end, sent in measured],
        cpu_s=cpu,
        wall_s=wall,
    )


def _outcome(
    passes: list[Pass], runs: dict[str, list[ClosedRun]], costs: dict[str, list[float]], *, how: str
) -> Outcome:
    forward = [each.texts / each.forward_s for each in passes]
    both = [each.texts / (each.encode_s + each.forward_s) for each in passes]
    rates = {side: [run.per_second for run in each] for side, each in runs.items()}
    figures = [_figure(side, paired_ratios(rates[side], forward), goal=goal) for side, goal in GOALS.items()]
    errors = {side: count for side, each in runs.items() if (count := _errors(each))}
    figures += [Figure(f"{side}: errors", "0", str(count), met=False) for side, count in errors.items()]
    bare_cost = Spread.of([1e3 * each.forward_cpu_s / each.texts for each in passes]).text(2)
    rows = [
        [f"bare forward ({how})", Spread.of(forward).text(0), "1", "", "", bare_cost, ""],
        [
            "bare tokenising and forward",
            Spread.of(both).text(0),
            paired_ratios(both, forward).text(),
            "1",
            "",
            "",
            "",
        ],
    ]
    for side, each in runs.items():
        client = [1e3 * run.cpu_s / (len(run.latencies_ms) * _whole(run)) for run in each]
        rows.append(
            [
                side,
                Spread.of(rates[side]).text(0),
                paired_ratios(rates[side], forward).text(),
                paired_ratios(rates[side], both).text(),
                Spread.of([percentile(run.latencies_ms, 0.5) for run in each]).text(0),
                Spread.of(costs[side]).text(2),
                Spread.of(client).text(3),
            ]
        )
    raw = {"forward": forward, "tokenising_and_forward": both, "rates": rates, "server_ms_a_text": costs}
    return Outcome(figures, [Detail("Throughput", COLUMNS, rows, NOTE)], raw)


def _figure(side: str, ratio: Spread, *, goal: float) -> Figure:
    name = f"{side}: texts/s at concurrency 64 over the bare forward"
    return at_least(name, ratio.median, goal=goal, text=ratio.text())


def _whole(run: ClosedRun) -> float:
    """All replies over the measured ones: the processor time is that of the warm-up too."""
    return run.wall_s / run.seconds


def _errors(runs: list[ClosedRun]) -> int:
    return sum(count for run in runs for status, count in run.statuses.items() if status != 200)
