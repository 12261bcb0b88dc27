"""What the prediction log costs: off, on with PostgreSQL on the same cores, on with the database down."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

from benchmarks.serving import wire
from benchmarks.serving.closed_loop import closed_loop
from benchmarks.serving.database import database, nowhere
from benchmarks.serving.generator import in_own_process
from benchmarks.serving.open_loop import OpenLoad, open_loop
from benchmarks.serving.outcome import Detail, Outcome, at_least, at_most
from benchmarks.serving.plan import Plan
from benchmarks.serving.processes import held_still
from benchmarks.serving.serve import HOST, Serving, predictor, wait_until_drained
from benchmarks.serving.spread import Spread, paired_ratios
from benchmarks.serving.throughput import http_load

OFF, ON, DOWN = "off", "on, PostgreSQL on the same cores", "on, database down"
_LOAD = 0.5  # of the peak: a server that queues anyway would hide what the log adds


def measure(plan: Plan) -> Outcome:
    """Three servers, of which two are always held still, in turns."""
    with ExitStack() as stack:
        url = stack.enter_context(database())
        servers = {
            OFF: stack.enter_context(predictor(plan.model)),
            ON: stack.enter_context(predictor(plan.model, log="spool", database_url=url)),
            DOWN: stack.enter_context(predictor(plan.model, log="spool", database_url=nowhere(), flush_s=0)),
        }
        rates: dict[str, list[float]] = {side: [] for side in servers}
        for _ in range(plan.sizes.repeats):
            for side in servers:
                rates[side].append(_peak(servers, side, plan))
        tails: dict[str, list[float]] = {side: [] for side in servers}
        rate = _LOAD * Spread.of(rates[OFF]).median
        for seed in range(max(2, plan.sizes.repeats // 2 + 1)):
            for side in servers:
                tails[side].append(_tail(servers, side, plan, rate=rate, seed=seed))
    return _outcome(rates, tails, rate=rate)


def _peak(servers: dict[str, Serving], side: str, plan: Plan) -> float:
    with held_still([server.pid for name, server in servers.items() if name != side]):
        load = http_load(servers[side], wire.predict, plan)
        rate = in_own_process(closed_loop, load).per_second
        _settle(servers, side)
    return rate


def _tail(servers: dict[str, Serving], side: str, plan: Plan, *, rate: float, seed: int) -> float:
    requests = [wire.predict(text) for text in plan.texts]
    load = OpenLoad(HOST, servers[side].port, requests, rate=rate, seconds=plan.sizes.open_s, seed=seed)
    with held_still([server.pid for name, server in servers.items() if name != side]):
        run = partial(in_own_process, open_loop, load)()
        _settle(servers, side)
    return run.percentile_ms(0.99)


def _settle(servers: dict[str, Serving], side: str) -> None:
    # Rows that are still on their way to PostgreSQL would be paid for by whoever is measured next.
    if side == ON:
        wait_until_drained(servers[ON])


def _outcome(rates: dict[str, list[float]], tails: dict[str, list[float]], *, rate: float) -> Outcome:
    on, down = (paired_ratios(rates[side], rates[OFF]) for side in (ON, DOWN))
    added = {
        side: Spread.of([a - b for a, b in zip(tails[side], tails[OFF], strict=True)]) for side in (ON, DOWN)
    }
    figures = [
        at_least("logging on over off, PostgreSQL on the same cores", on.median, goal=0.97, text=on.text(3)),
        at_least("logging on over off, database down", down.median, goal=0.99, text=down.text(3)),
        at_most(
            "p99 added by logging at half of the peak (open loop)",
            added[ON].median,
            goal=1.0,
            text=added[ON].text(2, " ms"),
        ),
    ]
    ratios = {OFF: "1", ON: on.text(3), DOWN: down.text(3)}
    rows = [
        [
            side,
            Spread.of(rates[side]).text(0),
            ratios[side],
            Spread.of(tails[side]).text(1),
            added[side].text(1) if side in added else "",
        ]
        for side in rates
    ]
    note = (
        f"/predict at concurrency 64; then Poisson arrivals at {rate:.0f} a second. Each side waits until "
        "its rows are in PostgreSQL before the next begins. Embeddings are logged, as by default."
    )
    columns = ("log", "texts/s", "over off", "p99 ms", "p99 added ms")
    return Outcome(
        figures, [Detail("Prediction log", columns, rows, note)], {"rates": rates, "p99_ms": tails}
    )
