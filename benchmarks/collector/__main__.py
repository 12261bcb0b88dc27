"""`make bench-collector`: 2,000 events a second with the database down, then up: are all pairs joined?"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.collector.processes import (
    COLLECTOR,
    FLOOR,
    Answers,
    Drained,
    Stream,
    collector_settings,
    free_port,
    send,
    serving,
    wait_until_drained,
)
from benchmarks.report import Table, machine_description, write_section
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.schema import migrate

P50_LIMIT_MS: Final = 0.5
P99_LIMIT_MS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Repeat:
    """One stream to the limit and then to the collector, and what became of the collector's backlog."""

    keep: bool
    floor: Answers
    collector: Answers
    drained: Drained


def main() -> int:
    """Measure and write the section; 1 if a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=2000, help="events a second")
    parser.add_argument("--seconds", type=float, default=30, help="length of each stream")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-page", action="store_true", help="print only")
    chosen = parser.parse_args()
    pairs = int(chosen.rate * chosen.seconds / 2)
    streams = [
        Stream(pairs, chosen.rate, keep, seed=repeat)
        for repeat in range(chosen.repeats)
        for keep in (True, False)
    ]
    with tempfile.TemporaryDirectory(prefix="bench-collector-") as name:
        repeats = [_measure(stream, Path(name) / f"run-{number}") for number, stream in enumerate(streams)]
    tables = (_answer_table(repeats, rate=chosen.rate), _drain_table(repeats))
    sys.stdout.write("\n\n".join(table.markdown() for table in tables) + "\n")
    if not chosen.no_page:
        write_section("collector", tables, command="make bench-collector", machine=machine_description())
    return 0 if _goals_met(repeats) else 1


def _measure(stream: Stream, folder: Path) -> Repeat:
    port = free_port()
    with serving([*FLOOR, str(port)], port=port, settings={}):
        floor = send(stream, port=port)
    with EmbeddedPostgres(folder, port=free_port()) as postgres:
        url = postgres.create_database("bench")
        migrate(url)
        postgres.stop()
        port = free_port()
        settings = collector_settings(port, folder / "spool", url)
        with serving(COLLECTOR, port=port, settings=settings):
            answers = send(stream, port=port)
            postgres.start()
            drained = wait_until_drained(url, sent=stream.pairs)
    return Repeat(stream.keep, floor, answers, drained)


def _answer_table(repeats: Sequence[Repeat], *, rate: float) -> Table:
    rows = []
    for keep, connections in ((True, "used again"), (False, "one an event, as KServe's agent")):
        chosen = [repeat for repeat in repeats if repeat.keep == keep]
        for what, runs in (
            ("HTTP alone (the limit)", [repeat.floor for repeat in chosen]),
            ("collector, database down", [repeat.collector for repeat in chosen]),
        ):
            quantiles = [
                _spread([getattr(run, name) for run in runs]) for name in ("p50", "p99", "p999", "late_p99")
            ]
            rows.append([connections, what, *quantiles, str(sum(run.failed for run in runs))])
    columns = ("connections", "server", "p50 ms", "p99 ms", "p99.9 ms", "generator late p99 ms", "not 200")
    note = (
        f"Open loop, {rate:g} events a second, {len(repeats) // 2} runs of each kind: median (lowest to "
        "highest). Time counts from the moment at which an event was due, connecting included. Goals: p50 ≤ "
        f"{P50_LIMIT_MS} ms, p99 ≤ {P99_LIMIT_MS:g} ms."
    )
    return Table(columns, rows, title="Answers while the database is down", note=note)


def _drain_table(repeats: Sequence[Repeat]) -> Table:
    drained = [repeat.drained for repeat in repeats]
    row = (
        str(sum(each.sent for each in drained)),
        str(sum(each.joined for each in drained)),
        str(sum(each.left for each in drained)),
        _spread([each.sent / each.seconds for each in drained], digits=0),
    )
    columns = ("pairs sent", "pairs joined", "halves left over", "pairs a second")
    note = "From the start of PostgreSQL on, retries included."
    return Table(columns, [row], title="The backlog once the database is up", note=note)


def _spread(values: Sequence[float], *, digits: int = 2) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def _goals_met(repeats: Sequence[Repeat]) -> bool:
    kept = [repeat.collector for repeat in repeats]
    fast = statistics.median(run.p50 for run in kept) <= P50_LIMIT_MS
    steady = statistics.median(run.p99 for run in kept) <= P99_LIMIT_MS
    whole = all(
        repeat.drained.joined == repeat.drained.sent and not repeat.drained.left for repeat in repeats
    )
    return fast and steady and whole and not any(run.failed for run in kept)


if __name__ == "__main__":
    sys.exit(main())
