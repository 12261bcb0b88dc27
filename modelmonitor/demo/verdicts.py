"""What the demo must find: the verdicts that its data deserve, compared with those that came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelmonitor.report.model import RunReport


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing that a run must say."""

    window: str
    claim: str
    met: bool


def check_reviews(report: RunReport) -> tuple[Expectation, ...]:
    """Held-out reviews are what the model was trained for: every check must conclude, and none say drift."""
    outcomes = _outcomes(report)
    return tuple(
        Expectation(window="movie reviews", claim=f"{name}: no drift", met=outcome == "NoDrift")
        for name, outcome in outcomes.items()
    )


def check_tweets(report: RunReport) -> tuple[Expectation, ...]:
    """Tweets are another kind of text: the data check must say drift, and critical."""
    data = [check.verdict for check in report.checks if check.type == "data"]
    met = bool(data) and all(
        verdict.outcome == "Drift" and verdict.severity == "critical" for verdict in data
    )
    return (Expectation(window="tweets", claim="data: critical drift", met=met),)


def unmet(expectations: tuple[Expectation, ...]) -> tuple[str, ...]:
    """A sentence for each expectation that was not met."""
    return tuple(
        f"{expectation.window}: expected {expectation.claim}, which is not what came out"
        for expectation in expectations
        if not expectation.met
    )


def _outcomes(report: RunReport) -> Mapping[str, str]:
    return {check.name: check.verdict.outcome for check in report.checks}
