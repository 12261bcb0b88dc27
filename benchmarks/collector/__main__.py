"""`make bench-collector`: 2,000 events a second with the database down, then up: are all pairs joined?"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
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
from benchmarks.report import machine_description, write_section
from benchmarks.serving.outcome import Detail, Figure, Outcome, at_most, read_outcomes, write_outcomes
from benchmarks.serving.page import summary, tables
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.schema import migrate

RESULTS: Final = Path(__file__).parent.parent / "results" / "collector.json"
KINDS: Final = {"kept": "used again", "fresh": "one an event, as KServe's agent"}
P50_LIMIT_MS: Final = 0.5
P99_LIMIT_MS: Final = 3.0


@dataclass(frozen=True, slots=True)
class Repeat:
    """One stream to the limit and then to the collector, and what became of the collector's backlog."""

    keep: bool
    floor: Answers
    collector: Answers
    drained: Drained


def main(arguments: Sequence[str]) -> int:
    """Measure and write the section; 1 if a goal was missed."""
    chosen = _options(arguments)
    kept = read_outcomes(RESULTS)
    measured: dict[str, Outcome] = {}
    for name in chosen.only or KINDS:
        measured[name] = _measured(name, chosen, arguments)
    if not chosen.no_page:
        found = {name: outcome for name in KINDS if (outcome := (kept | measured).get(name))}
        write_outcomes(RESULTS, found)
        write_section("collector", tables(found), command=_command(arguments), machine=machine_description())
    details = [detail.table().markdown() for outcome in measured.values() for detail in outcome.details]
    sys.stdout.write("\n\n".join([*details, summary(measured)]) + "\n")
    return int(not all(figure.met for outcome in measured.values() for figure in outcome.figures))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.collector", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*KINDS], help="one kind of connections")
    parser.add_argument("--rate", type=float, default=2000, help="events a second")
    parser.add_argument("--seconds", type=float, default=20, help="length of each stream")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--no-page", action="store_true", help="print only")
    return parser.parse_args(arguments)


def _measured(name: str, chosen: argparse.Namespace, arguments: Sequence[str]) -> Outcome:
    begun = time.monotonic()
    pairs = int(chosen.rate * chosen.seconds / 2)
    with tempfile.TemporaryDirectory(prefix="bench-collector-") as folder:
        repeats = [
            _measure(Stream(pairs, chosen.rate, name == "kept", seed=repeat), Path(folder) / f"run-{repeat}")
            for repeat in range(chosen.repeats)
        ]
    conditions = {
        "command": _command(arguments),
        "machine": machine_description(),
        "measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "seconds": f"{time.monotonic() - begun:.0f}",
    }
    details = [_answers(KINDS[name], repeats, rate=chosen.rate), _backlog(KINDS[name], repeats)]
    raw = {"repeats": [asdict(repeat) for repeat in repeats]}
    return Outcome(_figures(name, repeats), details, raw, conditions=conditions)


def _command(arguments: Sequence[str]) -> str:
    return f"make bench-collector ARGS='{' '.join(arguments)}'" if arguments else "make bench-collector"


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


def _answers(connections: str, repeats: Sequence[Repeat], *, rate: float) -> Detail:
    rows = []
    for what, runs in (
        ("HTTP alone (the limit)", [repeat.floor for repeat in repeats]),
        ("collector, database down", [repeat.collector for repeat in repeats]),
    ):
        quantiles = [
            _spread([getattr(run, name) for run in runs]) for name in ("p50", "p99", "p999", "late_p99")
        ]
        rows.append([connections, what, *quantiles, _failures([run.failed for run in runs])])
    columns = ("connections", "server", "p50 ms", "p99 ms", "p99.9 ms", "generator late p99 ms", "not 200")
    note = (
        f"Open loop, {rate:g} events a second, {len(repeats)} runs of each kind: median (lowest to highest). "
        "Time counts from the moment at which an event was due, connecting included."
    )
    return Detail("Answers while the database is down", columns, rows, note)


def _backlog(connections: str, repeats: Sequence[Repeat]) -> Detail:
    drained = [repeat.drained for repeat in repeats]
    row = (
        connections,
        str(sum(each.sent for each in drained)),
        str(sum(each.joined for each in drained)),
        str(sum(each.left for each in drained)),
        _spread([each.sent / each.seconds for each in drained], digits=0),
    )
    columns = ("connections", "pairs sent", "pairs joined", "halves left over", "pairs a second")
    note = "From the start of PostgreSQL on, retries included."
    return Detail("The backlog once the database is up", columns, [row], note)


def _figures(name: str, repeats: Sequence[Repeat]) -> list[Figure]:
    runs, drained = [repeat.collector for repeat in repeats], [repeat.drained for repeat in repeats]
    p50, p99 = (statistics.median(getattr(run, each) for run in runs) for each in ("p50", "p99"))
    sent, joined = sum(each.sent for each in drained), sum(each.joined for each in drained)
    failures = _failures([run.failed for run in runs])
    kind = f"connections {KINDS[name]}"
    return [
        at_most(
            f"200 in p50, {kind}", p50, goal=P50_LIMIT_MS, text=_spread([run.p50 for run in runs]) + " ms"
        ),
        at_most(
            f"200 in p99, {kind}", p99, goal=P99_LIMIT_MS, text=_spread([run.p99 for run in runs]) + " ms"
        ),
        Figure(
            f"pairs joined, {kind}",
            "all, every event answered 200",
            f"{joined:,} of {sent:,}; not 200: {failures}",
            met=joined == sent and failures == "0",
        ),
    ]


def _failures(runs: Sequence[Mapping[str, int]]) -> str:
    total: Counter[str] = Counter()
    for run in runs:
        total.update(run)
    return ", ".join(f"{count} {kind}" for kind, count in total.items()) or "0"


def _spread(values: Sequence[float], *, digits: int = 2) -> str:
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
