"""`python -m benchmarks.log`: drain, memory and an outage, row by row, written into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.log import drain, memory, outage
from benchmarks.report import machine_description, write_section
from benchmarks.serving.outcome import Outcome, read_outcomes, write_outcomes
from benchmarks.serving.page import summary, tables
from modelmonitor.local.postgres import EmbeddedPostgres

RESULTS: Final = Path(__file__).parent.parent / "results" / "log.json"
Row = Callable[[EmbeddedPostgres, argparse.Namespace], Outcome]
ROWS: Final[Mapping[str, Row]] = {
    "drain": lambda server, options: drain.measure(server, rows=options.rows, rounds=options.rounds),
    "memory": lambda server, options: memory.measure(server, backlogs=options.backlogs),
    "outage": lambda server, options: outage.measure(server, minutes=options.minutes),
}


def main(arguments: Sequence[str]) -> int:
    """Measure the chosen rows; 0 when they were measured, whatever they say of the goals."""
    options = _options(arguments)
    kept = {} if options.quick else read_outcomes(RESULTS)
    measured: dict[str, Outcome] = {}
    with (
        tempfile.TemporaryDirectory(prefix="modelmonitor-bench-") as directory,
        EmbeddedPostgres(Path(directory), durable=True) as server,
    ):
        for name in options.only or ROWS:
            measured[name] = _measured(name, server, options, arguments)
            if not options.quick:
                write_outcomes(RESULTS, _in_order(kept | measured))
    if not options.quick:
        found = _in_order(kept | measured)
        write_section("log", tables(found), command=_command(arguments), machine=machine_description())
    sys.stdout.write(summary(measured) + "\n")
    return 0


def _measured(
    name: str, server: EmbeddedPostgres, options: argparse.Namespace, arguments: Sequence[str]
) -> Outcome:
    sys.stderr.write(f"{name} …\n")
    begun = time.monotonic()
    outcome = ROWS[name](server, options)
    conditions = {
        "command": _command(arguments),
        "machine": machine_description(),
        "measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "seconds": f"{time.monotonic() - begun:.0f}",
    }
    return replace(outcome, conditions=conditions)


def _command(arguments: Sequence[str]) -> str:
    return f"make bench-log ARGS='{' '.join(arguments)}'" if arguments else "make bench-log"


def _in_order(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    return {name: outcomes[name] for name in ROWS if name in outcomes}


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.log", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*ROWS], help="one row; repeat for several")
    parser.add_argument("--rows", type=int, default=200_000, help="in one drain")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--backlogs", type=int, nargs="+", default=[100_000, 1_000_000], help="in rows")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the outage")
    parser.add_argument("--quick", action="store_true", help="only show that it runs; writes nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
