"""`python -m benchmarks.serving`: run the rows, keep their numbers, write the page, name the goals met."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from benchmarks.report import machine_description, write_section
from benchmarks.serving.outcome import Outcome, read_outcomes, write_outcomes
from benchmarks.serving.page import summary, tables
from benchmarks.serving.plan import QUICK, Plan, Sizes
from benchmarks.serving.rows import ROWS

RESULTS: Final = Path(__file__).parent.parent / "results" / "serving.json"
_PACKAGES: Final = ("torch", "onnxruntime", "transformers", "kserve", "uvicorn")


def main(arguments: Sequence[str]) -> int:
    """Run the chosen rows.

    Returns:
        0 when every measurement was made, whatever it says of the goals; 1 when one could not be made.
    """
    options = _options(arguments)
    _stay_on(options.cores)
    plan = _plan(options)
    kept = {} if options.quick else read_outcomes(RESULTS)
    outcomes: dict[str, Outcome] = {}
    for name in options.only or ROWS:
        outcomes[name] = _measured(name, plan, arguments)
        if not options.quick:
            write_outcomes(RESULTS, _in_order(kept | outcomes))
    if options.quick:
        write_outcomes(plan.cache / "quick.json", outcomes)
    else:
        _write_page(_in_order(kept | outcomes), arguments)
    sys.stdout.write(summary(outcomes) + "\n")
    return int(any(outcome.failed for outcome in outcomes.values()))


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving", description=__doc__)
    parser.add_argument("--only", action="append", choices=[*ROWS], help="one row; repeat for several")
    parser.add_argument(
        "--quick", action="store_true", help="a few requests of each, to see that it runs; writes no page"
    )
    parser.add_argument(
        "--model", type=Path, help="a Hugging Face directory; default: the demo's, trained if absent"
    )
    parser.add_argument("--requests", type=int, help="requests of the row soak; the goal is for 1000000")
    parser.add_argument("--repeats", type=int, help="of each side of a ratio")
    parser.add_argument("--texts", type=int, help="answers in one closed-loop measurement")
    parser.add_argument("--cores", type=int, default=2, help="cores for everything together; default 2")
    parser.add_argument("--cache", type=Path, default=Path(".cache/bench"), help="kept between runs")
    return parser.parse_args(arguments)


def _stay_on(cores: int) -> None:
    """Every process started from here inherits it: servers, peers, clients and database share these cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])


def _plan(options: argparse.Namespace) -> Plan:
    from benchmarks.serving.workload import demo_model, held_out_texts

    options.cache.mkdir(parents=True, exist_ok=True)
    chosen = {
        name: getattr(options, name) for name in ("requests", "repeats", "texts") if getattr(options, name)
    }
    sizes = replace(QUICK if options.quick else Sizes(), **chosen)
    model = options.model.absolute() if options.model else demo_model(options.cache)
    return Plan(model=model, texts=held_out_texts(options.cache), sizes=sizes, cache=options.cache)


def _measured(name: str, plan: Plan, arguments: Sequence[str]) -> Outcome:
    sys.stderr.write(f"{name} …\n")
    begun = time.monotonic()
    try:
        outcome = ROWS[name](plan)
    except Exception as error:  # noqa: BLE001  # the other rows can still be measured, and the reason is kept
        outcome = Outcome([], failed=f"{type(error).__name__}: {error}")
        sys.stderr.write(f"{name} could not be measured: {outcome.failed}\n")
    conditions = {
        "command": _command(arguments),
        "machine": _machine(),
        "measured_at": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "seconds": f"{time.monotonic() - begun:.0f}",
    }
    return replace(outcome, conditions=conditions)


def _command(arguments: Sequence[str]) -> str:
    return f"make bench-serving ARGS='{shlex.join(arguments)}'" if arguments else "make bench-serving"


def _machine() -> str:
    return machine_description(versions=[f"{name} {version(name)}" for name in _PACKAGES])


def _in_order(outcomes: Mapping[str, Outcome]) -> dict[str, Outcome]:
    return {name: outcomes[name] for name in ROWS if name in outcomes}


def _write_page(outcomes: Mapping[str, Outcome], arguments: Sequence[str]) -> None:
    write_section("serving", tables(outcomes), command=_command(arguments), machine=_machine())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
