"""What runs of checks said, wherever they ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelmonitor.cli.model import CheckLine


@dataclass(frozen=True, slots=True)
class Ran:
    """A run: one line a check, and where its report is (empty if nowhere)."""

    checks: tuple[CheckLine, ...]
    report: str = ""


def worst(runs: Sequence[Ran]) -> str:
    """The worst severity of all checks: critical, warning or none; drift without one counts as a warning."""
    found = {line.severity for run in runs for line in run.checks if line.verdict == "Drift"}
    return "critical" if "critical" in found else "warning" if found else "none"


def sentences(run: Ran) -> tuple[str, ...]:
    """The run on a terminal: one line a check, then the report."""
    told = tuple(f"{line.name}: {line.verdict}. {line.reason}" for line in run.checks)
    return (*told, f"report: {run.report}") if run.report else told
