"""What a benchmark found: figures against goals, a table of detail, raw numbers; all of it plain JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.report import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure.

    Attributes:
        name: what was measured.
        goal: as the reader knows it, "" where there is none.
        measured: median and range.
        met: None where there is no goal.
    """

    name: str
    goal: str
    measured: str
    met: bool | None = None


@dataclass(frozen=True, slots=True)
class Detail:
    """A table beside the figures, and a sentence on how it was measured."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def table(self) -> Table:
        """For the page."""
        return Table(self.columns, self.rows, title=self.title, note=self.note)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one row of the benchmark found.

    Attributes:
        figures: against goals.
        details: tables beside them.
        raw: every repeat's numbers.
        failed: why a measurement could not be made, "" when all were.
        conditions: command, machine and date; added by the runner.
    """

    figures: Sequence[Figure]
    details: Sequence[Detail] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)
    failed: str = ""
    conditions: Mapping[str, str] = field(default_factory=dict)


def at_least(name: str, value: float, *, goal: float, text: str) -> Figure:
    """A figure that should be at least the goal."""
    return Figure(name, f"≥ {goal:g}", text, met=value >= goal)


def at_most(name: str, value: float, *, goal: float, text: str, unit: str = " ms") -> Figure:
    """A figure that should be at most the goal."""
    return Figure(name, f"≤ {goal:g}{unit}", text, met=value <= goal)


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """What earlier runs left, by row; empty without a file."""
    if not path.exists():
        return {}
    return {name: _outcome(entry) for name, entry in json.loads(path.read_text("utf-8")).items()}


def write_outcomes(path: Path, outcomes: Mapping[str, Outcome]) -> None:
    """Replace the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps({name: asdict(outcome) for name, outcome in outcomes.items()}, indent=1)
    path.write_text(content + "\n", "utf-8")


def _outcome(entry: dict[str, Any]) -> Outcome:
    return Outcome(
        figures=[Figure(**figure) for figure in entry["figures"]],
        details=[Detail(**detail) for detail in entry["details"]],
        raw=entry["raw"],
        failed=entry["failed"],
        conditions=entry["conditions"],
    )
