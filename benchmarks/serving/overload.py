"""Twice as many requests as can be answered: how many good answers are left, how fast the others hear no."""

from __future__ import annotations

from benchmarks.serving import wire
from benchmarks.serving.closed_loop import closed_loop
from benchmarks.serving.generator import in_own_process
from benchmarks.serving.open_loop import UNANSWERED, OpenLoad, OpenRun, open_loop
from benchmarks.serving.outcome import Detail, Figure, Outcome, at_least, at_most
from benchmarks.serving.plan import Plan
from benchmarks.serving.serve import HOST, Serving, predictor
from benchmarks.serving.spread import Spread, percentile
from benchmarks.serving.throughput import http_load

_TIMES = 2.0
REFUSALS = (429, 503)


def measure(plan: Plan) -> Outcome:
    """Peak and overload in turns on one server."""
    peaks, runs = [], []
    with predictor(plan.model) as server:
        for seed in range(max(2, plan.sizes.repeats // 2 + 1)):
            peaks.append(in_own_process(closed_loop, http_load(server, wire.predict, plan)).per_second)
            runs.append(_overloaded(server, plan, rate=_TIMES * peaks[-1], seed=seed))
    return _outcome(peaks, runs)


def _overloaded(server: Serving, plan: Plan, *, rate: float, seed: int) -> OpenRun:
    requests = [wire.predict(text) for text in plan.texts]
    load = OpenLoad(
        HOST, server.port, requests, rate=rate, seconds=plan.sizes.open_s, seed=seed, connections=4096
    )
    return in_own_process(open_loop, load)


def refusals_ms(run: OpenRun) -> list[float]:
    """Latencies of the refusals."""
    return [value for status in REFUSALS for value in run.latencies_ms.get(status, [])]


def _outcome(peaks: list[float], runs: list[OpenRun]) -> Outcome:
    goodput = Spread.of(
        [run.good_in_time / run.seconds / peak for run, peak in zip(runs, peaks, strict=True)]
    )
    refused = [value for run in runs for value in refusals_ms(run)]
    figures = [
        at_least(
            "goodput at twice the peak load, over the peak", goodput.median, goal=0.9, text=goodput.text()
        )
    ]
    if refused:
        p50, p99 = (
            Spread.of([_percentile(run, share) for run in runs if refusals_ms(run)]) for share in (0.5, 0.99)
        )
        figures.append(
            at_most(
                "refusals at twice the peak load, p99",
                p99.median,
                goal=10.0,
                text=f"{p99.text(1)} ms, p50 {p50.text(1)} ms",
            )
        )
    else:
        figures.append(
            Figure("refusals at twice the peak load, p99", "≤ 10 ms", "nothing was refused", met=False)
        )
    rows = [
        [
            f"{peak:.0f}",
            f"{len(run.all_ms) / run.seconds:.0f}",
            f"{run.good_in_time / run.seconds:.0f}",
            f"{run.percentile_ms(0.5, status=200):.0f} / {run.percentile_ms(0.99, status=200):.0f}",
            str(len(refusals_ms(run))),
            str(run.count(0) + run.count(UNANSWERED)),
            f"{run.late_ms:.1f}",
            f"{run.cpu_s / run.wall_s:.0%}",
        ]
        for peak, run in zip(peaks, runs, strict=True)
    ]
    columns = (
        "peak /s",
        "offered /s",
        "good /s",
        "good p50 / p99 ms",
        "refused",
        "lost or unanswered",
        "generator late p99 ms",
        "generator's core",
    )
    note = (
        "Poisson arrivals from a process of its own on the same cores; latency from the intended moment. "
        "Peak: closed loop at concurrency 64 just before. Only answers that came while requests still "
        "arrived count as good."
    )
    raw = {"peaks": peaks, "good": [run.good_in_time / run.seconds for run in runs], "refused": len(refused)}
    return Outcome(figures, [Detail("Overload", columns, rows, note)], raw)


def _percentile(run: OpenRun, share: float) -> float:
    return percentile(refusals_ms(run), share)
