"""The rows of the benchmark by name; modules are imported when their row runs."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Callable, Mapping
from typing import Final

from benchmarks.serving.outcome import Figure, Outcome
from benchmarks.serving.plan import Plan

Measure = Callable[[Plan], Outcome]

# Short enough for a run of everything; `make bench-collector` takes its time.
_COLLECTOR_SIZE: Final = ("--seconds=10", "--repeats=2")
_GOAL: Final = "p50 ≤ 0.5 ms, p99 ≤ 3 ms, all pairs joined"


class RowMissing(RuntimeError):
    """The row's code is not in this tree."""


def _module(name: str, function: str = "measure") -> Measure:
    def measure(plan: Plan) -> Outcome:
        if importlib.util.find_spec(name) is None:
            msg = f"{name} is not in this tree"
            raise RowMissing(msg)
        run: Measure = getattr(importlib.import_module(name), function)
        return run(plan)

    return measure


def _peer(environment: str) -> Measure:
    def measure(plan: Plan) -> Outcome:
        from benchmarks.serving.peers import measure

        return measure(environment, plan)

    return measure


def _collector(plan: Plan) -> Outcome:
    """The collector's own benchmark in short; `make bench-collector` writes its section."""
    if importlib.util.find_spec("benchmarks.collector.__main__") is None:
        msg = "benchmarks/collector is not in this tree"
        raise RowMissing(msg)
    size = ("--seconds=2", "--repeats=1") if plan.sizes.smoke else _COLLECTOR_SIZE
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.collector", *size, "--no-page"],
        check=False,
        capture_output=True,
        text=True,
    )
    # It ends with 1 when a goal is missed, which is a result; a traceback is not.
    failed = done.stderr.strip().splitlines()[-1] if "Traceback" in done.stderr else ""
    met = done.returncode == 0
    text = "all met" if met else "not all met: see the section Collector"
    figures = (
        [] if failed else [Figure("collector, 2,000 events/s with the database down", _GOAL, text, met=met)]
    )
    return Outcome(figures, raw={"output": done.stdout.splitlines()}, failed=failed)


ROWS: Final[Mapping[str, Measure]] = {
    "throughput": _module("benchmarks.serving.throughput"),
    "mlserver": _peer("mlserver"),
    "litserve": _peer("litserve"),
    "bentoml": _peer("bentoml"),
    "infinity": _peer("infinity"),
    "runtimes": _module("benchmarks.serving.acceleration"),
    "latency": _module("benchmarks.serving.latency"),
    "logging": _module("benchmarks.serving.logging_cost"),
    "overload": _module("benchmarks.serving.overload"),
    "health": _module("benchmarks.serving.health"),
    "soak": _module("benchmarks.serving.soak"),
    "soak-tiny": _module("benchmarks.serving.soak", "measure_tiny"),
    "collector": _collector,
}
