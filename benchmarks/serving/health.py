"""Do health probes get their answer while the model keeps both cores busy."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.serving import wire
from benchmarks.serving.closed_loop import closed_loop
from benchmarks.serving.generator import in_own_process, running
from benchmarks.serving.open_loop import OpenLoad, OpenRun, open_loop
from benchmarks.serving.outcome import Detail, Figure, Outcome, at_most
from benchmarks.serving.plan import Plan
from benchmarks.serving.serve import HOST, Serving, predictor
from benchmarks.serving.spread import percentile
from benchmarks.serving.throughput import http_load

PATHS = ("/v2/health/ready", "/v2/health/live")
_PROBES_PER_S = 20.0


def measure(plan: Plan) -> Outcome:
    """Constant probes of each path while 64 clients ask for predictions without a pause."""
    with predictor(plan.model) as server:
        load = http_load(server, wire.predict, plan)
        seconds = 2 * plan.sizes.open_s
        peak = in_own_process(closed_loop, load).per_second
        # The load must outlast the probes: twice as many texts as the peak could answer meanwhile.
        long = replace(load, measured=int(peak * seconds * len(PATHS) * 1.5) + 1, timeout_s=600)
        with running(closed_loop, long) as under_load:
            runs = {path: in_own_process(open_loop, _probes(server, path, seconds=seconds)) for path in PATHS}
            outlasted = not under_load.done()
    return _outcome(runs, peak=peak, outlasted=outlasted)


def _probes(server: Serving, path: str, *, seconds: float) -> OpenLoad:
    return OpenLoad(
        HOST, server.port, [wire.http_get(path)], rate=_PROBES_PER_S, seconds=seconds, arrivals="constant"
    )


def _outcome(runs: dict[str, OpenRun], *, peak: float, outlasted: bool) -> Outcome:
    figures = []
    for path, run in runs.items():
        p99 = run.percentile_ms(0.99)
        bad = sum(len(values) for status, values in run.latencies_ms.items() if status != 200)
        text = f"{p99:.1f} ms" + (f", {bad} not answered 200" if bad else "")
        figures.append(at_most(f"{path} while both cores are busy, p99", p99, goal=20.0, text=text))
    if not outlasted:
        figures.append(Figure("the load lasted as long as the probes", "yes", "no: run again", met=False))
    rows = [
        [path, str(len(run.all_ms)), *(f"{percentile(run.all_ms, share):.1f}" for share in (0.5, 0.99, 1.0))]
        for path, run in runs.items()
    ]
    note = (
        f"{_PROBES_PER_S:.0f} probes a second (constant) during /predict at concurrency 64 "
        f"({peak:.0f} texts/s)."
    )
    columns = ("path", "probes", "p50 ms", "p99 ms", "max ms")
    raw = {path: {"p99_ms": run.percentile_ms(0.99)} for path, run in runs.items()}
    return Outcome(figures, [Detail("Health under load", columns, rows, note)], raw)
