"""`python -m benchmarks.log`: drain, memory and an outage, written into docs/benchmarks.md."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.log import drain, memory, outage
from benchmarks.report import machine_description, write_section
from modelmonitor.local.postgres import EmbeddedPostgres


def main(arguments: Sequence[str]) -> int:
    """Measure all of it; 0 when it was measured, whatever it says of the goals."""
    options = _options(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="modelmonitor-bench-") as directory,
        EmbeddedPostgres(Path(directory), durable=True) as server,
    ):
        tables = [drain.measure(server, rows=options.rows, rounds=options.rounds)]
        if not options.quick:
            tables.append(memory.measure(server, backlogs=options.backlogs))
        tables.append(outage.measure(server, minutes=options.minutes))
    for table in tables:
        sys.stdout.write(f"{table.markdown()}\n\n")
    if not options.quick:
        command = f"make bench-log ARGS='{' '.join(arguments)}'" if arguments else "make bench-log"
        write_section("log", tables, command=command, machine=machine_description())
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks.log", description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000, help="in one drain")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each side")
    parser.add_argument("--backlogs", type=int, nargs="+", default=[100_000, 1_000_000], help="in rows")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the outage")
    parser.add_argument("--quick", action="store_true", help="only show that it runs; writes nothing")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
