"""The outcomes as the page's tables and as the summary on the terminal: pure functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from benchmarks.report import Table
from benchmarks.serving.outcome import Detail, Figure, Outcome


def tables(outcomes: Mapping[str, Outcome]) -> list[Table]:
    """Goals first, then each row's details, then when and how each row was measured."""
    figures = [figure for outcome in outcomes.values() for figure in outcome.figures]
    goals = Table(
        ("figure", "goal", "measured", "met"),
        [[figure.name, figure.goal, figure.measured, verdict(figure)] for figure in figures],
        title="Goals",
    )
    return [goals, *(detail.table() for detail in _merged(outcomes)), _conditions(outcomes)]


def _merged(outcomes: Mapping[str, Outcome]) -> list[Detail]:
    """The details; those of several rows that say the same of different things become one table."""
    merged: dict[tuple[object, ...], Detail] = {}
    for detail in (detail for outcome in outcomes.values() for detail in outcome.details):
        key = (detail.title, *detail.columns, detail.note)
        before = merged.get(key)
        merged[key] = replace(detail, rows=[*before.rows, *detail.rows]) if before else detail
    return list(merged.values())


def summary(outcomes: Mapping[str, Outcome]) -> str:
    """Lines `met?  figure: measured (goal)`, then what could not be measured."""
    lines = [
        f"{verdict(figure):>6}  {figure.name}: {figure.measured}"
        + (f" (goal {figure.goal})" * bool(figure.goal))
        for outcome in outcomes.values()
        for figure in outcome.figures
    ]
    failures = [
        f"{'FAILED':>6}  {name}: {outcome.failed}" for name, outcome in outcomes.items() if outcome.failed
    ]
    return "\n".join([*lines, *failures])


def verdict(figure: Figure) -> str:
    """`yes`, `no`, or `-` where there is no goal or no measurement."""
    return "-" if figure.met is None else "yes" if figure.met else "no"


def _conditions(outcomes: Mapping[str, Outcome]) -> Table:
    return Table(
        ("row", "measured", "command", "seconds", "not measured, because"),
        [
            [
                name,
                outcome.conditions.get("measured_at", ""),
                f"`{outcome.conditions.get('command', '')}`",
                outcome.conditions.get("seconds", ""),
                outcome.failed,
            ]
            for name, outcome in outcomes.items()
        ],
        title="When and how",
    )
