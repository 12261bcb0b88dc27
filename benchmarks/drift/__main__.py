"""Every figure of drift detection: python -m benchmarks.drift [--quick] [--only fpr,power,…] [--seed N].

Tables go into docs/benchmarks.md, numbers into benchmarks/results/drift.json; what was not run keeps its
former result.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from benchmarks.drift import accuracy, budget, fpr, million, new_topic, power, speed
from benchmarks.drift.features import load_samples
from benchmarks.drift.kept import Kept
from benchmarks.report import Table, machine_description, write_section

CACHE: Final = Path(".cache/bench")
RESULTS: Final = Path("benchmarks/results/drift.json")
_VERSIONS: Final = ("numpy", "scipy", "scikit-learn", "torch", "alibi-detect")

Outcome = tuple[Table | list[Table], list[dict[str, object]]]


def _parts(
    *, quick: bool, seed: int, only_known: bool = False, windows: Sequence[int] = power.WINDOWS
) -> Mapping[str, Callable[[], Outcome]]:
    chosen: Mapping[str, Any] = {"quick": quick, "seed": seed}

    def kept(part: str) -> Kept:
        return Kept(CACHE / "drift" / part, only_known=only_known)

    return {
        "fpr": lambda: fpr.run(load_samples(CACHE), **chosen, kept=kept("fpr")),
        "power": lambda: power.run(
            load_samples(CACHE), **chosen, kept=kept("power"), cache=CACHE, windows=windows
        ),
        "speed": lambda: speed.run(load_samples(CACHE), **chosen),
        "million": lambda: million.run(load_samples(CACHE), **chosen),
        "budget": lambda: (budget.run(**chosen, kept=kept("budget")), []),
        "accuracy": lambda: accuracy.run(load_samples(CACHE), **chosen, kept=kept("accuracy"), cache=CACHE),
        "topic": lambda: new_topic.run(load_samples(CACHE), **chosen),
    }


def main(arguments: Sequence[str]) -> None:
    """Run the chosen parts and write what they found."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drift", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few trials, nothing is written")
    everything = ",".join(_parts(quick=True, seed=0))
    parser.add_argument("--only", default=everything, help="parts, by comma")
    parser.add_argument("--windows", default=",".join(map(str, power.WINDOWS)), help="rows, for the power")
    parser.add_argument("--known", action="store_true", help="compute nothing, write what earlier runs left")
    parser.add_argument("--no-page", action="store_true", help="print, write nothing but the cache")
    parser.add_argument("--seed", type=int, default=20, help="of every draw")
    options = parser.parse_args(arguments)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    windows = [int(rows) for rows in options.windows.split(",")]
    parts = _parts(quick=options.quick, seed=options.seed, only_known=options.known, windows=windows)
    unknown = set(options.only.split(",")) - set(parts)
    if unknown:
        parser.error(f"no part {', '.join(sorted(unknown))}: choose of {', '.join(parts)}")
    for name in options.only.split(","):
        table, records = parts[name]()
        tables = [table] if isinstance(table, Table) else table
        sys.stdout.write("\n\n".join(each.markdown() for each in tables) + "\n\n")
        sys.stdout.flush()
        if not (options.quick or options.no_page):
            _keep(name, tables, records)
            _publish()


def _keep(name: str, tables: Sequence[Table], records: Sequence[dict[str, object]]) -> None:
    stored = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    stored[name] = {"tables": [_as_json(table) for table in tables], "records": list(records)}
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")


def _as_json(table: Table) -> dict[str, object]:
    return {"columns": table.columns, "rows": table.rows, "title": table.title, "note": table.note}


def _publish() -> None:
    stored = json.loads(RESULTS.read_text("utf-8"))
    tables = [
        Table(**table)
        for name in _parts(quick=False, seed=0)
        if name in stored
        for table in stored[name]["tables"]
    ]
    versions = [f"{package} {version(package)}" for package in _VERSIONS]
    write_section("drift", tables, command="make bench-drift", machine=machine_description(versions=versions))


if __name__ == "__main__":
    main(sys.argv[1:])
