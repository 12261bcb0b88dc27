"""The weekly review as values: this week beside the last, what changed, and what to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from modelmonitor.cli.alerts import AlertRow
from modelmonitor.cli.model import CheckLine
from modelmonitor.cli.sources.database import LabelFacts, WindowFacts
from modelmonitor.health import State, Thresholds

# Smaller changes are what two weeks of the same model show anyway.
_CONFIDENCE_FALL: Final = 0.02
_MIX_SHIFT: Final = 0.10
_TRAFFIC_FALL: Final = 0.5


@dataclass(frozen=True, slots=True)
class Day:
    """A UTC day: its predictions and their mean confidence, 0 to 1."""

    day: str
    predictions: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of a monitor."""

    predictions: WindowFacts
    labels: LabelFacts


@dataclass(frozen=True, slots=True)
class TrainingRun:
    """A run in MLflow, with the metrics that it logged."""

    name: str
    started: datetime
    metrics: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Review:
    """Everything of the weekly review; `trainings` is None where MLflow was not asked."""

    name: str
    start: datetime
    end: datetime
    this: Week
    last: Week
    days: tuple[Day, ...]
    runs: tuple[CheckLine, ...]
    alerts: tuple[AlertRow, ...]
    trainings: tuple[TrainingRun, ...] | None
    problems: tuple[str, ...] = ()

    @property
    def drifted(self) -> tuple[CheckLine, ...]:
        """Runs that said drift."""
        return tuple(run for run in self.runs if run.verdict == "Drift")


def look_at(review: Review, thresholds: Thresholds) -> tuple[tuple[State, str], ...]:
    """What a person should look at, the worst first; empty if the week was like the one before."""
    found = (
        *_drift(review),
        *_confidence(review, thresholds),
        *_mix(review),
        *_traffic(review),
        *_labels(review),
    )
    return tuple(sorted(found, key=lambda each: each[0] is not State.CRITICAL))


def _drift(review: Review) -> Sequence[tuple[State, str]]:
    runs = review.drifted
    if not runs:
        return ()
    names = ", ".join(sorted({run.name for run in runs}))
    critical = any(run.severity == "critical" for run in runs)
    told = (
        f"{len(runs)} of {len(review.runs)} runs said drift ({names}): modelmonitor drift show {runs[0].run}"
    )
    return ((State.CRITICAL if critical else State.WARNING, told),)


def _confidence(review: Review, thresholds: Thresholds) -> Sequence[tuple[State, str]]:
    now, before = review.this.predictions.confidence, review.last.predictions.confidence
    if now is None:
        return ()
    if now < thresholds.confidence.critical:
        return ((State.CRITICAL, f"mean confidence is {now:.1%}, in its critical range"),)
    if before is not None and before - now >= _CONFIDENCE_FALL:
        return ((State.WARNING, f"mean confidence fell from {before:.1%} to {now:.1%}"),)
    return ()


def _mix(review: Review) -> Sequence[tuple[State, str]]:
    now, before = review.this.predictions, review.last.predictions
    if not now.total or not before.total:
        return ()
    shifts = {
        name: now.classes.get(name, 0) / now.total - before.classes.get(name, 0) / before.total
        for name in {*now.classes, *before.classes}
    }
    name = max(sorted(shifts), key=lambda each: abs(shifts[each]))
    if abs(shifts[name]) < _MIX_SHIFT:
        return ()
    return ((State.WARNING, f"the share of {name} changed by {shifts[name] * 100:+.1f} points"),)


def _traffic(review: Review) -> Sequence[tuple[State, str]]:
    now, before = review.this.predictions.total, review.last.predictions.total
    if not now:
        return ((State.WARNING, "no predictions this week: modelmonitor doctor"),)
    if now < before * _TRAFFIC_FALL:
        return ((State.WARNING, f"traffic fell from {before:,} to {now:,} predictions"),)
    return ()


def _labels(review: Review) -> Sequence[tuple[State, str]]:
    if review.this.labels.labelled:
        return ()
    told = "no labels came for this week, so accuracy is not known: modelmonitor feedback import"
    return ((State.WARNING, told),)
