"""What commands know of a monitor, as plain values that text, JSON and YAML are made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from modelmonitor.health import Row, State

API_VERSION: Final = "cli.modelmonitor.io/v1"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """The last verdict of a check.

    Attributes:
        p_value: of its leading test, 0 to 1.
        level: a p-value below it is significant, 0 to 1.
        effect: its size, in the unit that the detector's name stands for.
        effect_threshold: from here on a significant difference counts.
        run: identity of the run, empty if the source does not tell.
        at: when it ended, with time zone.
    """

    name: str
    type: str
    verdict: str
    severity: str = "none"
    detector: str = ""
    p_value: float | None = None
    level: float | None = None
    effect: float | None = None
    effect_threshold: float | None = None
    rows: int | None = None
    run: str = ""
    at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert that fires."""

    name: str
    severity: str
    since: datetime
    summary: str = ""


@dataclass(frozen=True, slots=True)
class NextRun:
    """When a check runs next, with time zone."""

    check: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SourceLine:
    """Whether a source answered, how long it took in milliseconds, and why not."""

    name: str
    answered: bool
    took_ms: int
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """Everything that the quick check shows of one monitor; empty or None where it is not known.

    Attributes:
        backend: local, cluster or url.
        total: predictions of the window.
        classes: predictions of the window by predicted class.
        window_hours: length of the window.
        rate: predictions a second now.
        health: the guide's threshold table.
        trend: mean confidence of the last hours, the oldest first; None for an hour without predictions.
    """

    name: str
    namespace: str
    backend: str
    at: datetime
    model: str = ""
    version: str = ""
    window_hours: float = 24.0
    total: int | None = None
    classes: Mapping[str, int] = field(default_factory=dict)
    newest: datetime | None = None
    rate: float | None = None
    health: tuple[Row, ...] = ()
    checks: tuple[CheckLine, ...] = ()
    alerts: tuple[AlertLine, ...] = ()
    next_runs: tuple[NextRun, ...] = ()
    notes: tuple[str, ...] = ()
    trend: tuple[float | None, ...] = ()
    sources: tuple[SourceLine, ...] = ()

    @property
    def incomplete(self) -> bool:
        """Whether a source did not answer."""
        return any(not source.answered for source in self.sources)

    @property
    def state(self) -> State:
        """The worst that is known: rows of the table, verdicts of checks, alerts."""
        found = {row.state for row in self.health} - {State.UNKNOWN}
        found |= {_OF_CHECK[check.severity] for check in self.checks if check.severity in _OF_CHECK}
        found |= {_OF_CHECK[alert.severity] for alert in self.alerts if alert.severity in _OF_CHECK}
        worst = (State.CRITICAL, State.WARNING, State.HEALTHY)
        return next((state for state in worst if state in found), State.UNKNOWN)

    @property
    def next_command(self) -> str:
        """What a person would type next."""
        drifted = next((check for check in self.checks if check.severity == "critical"), None) or next(
            (check for check in self.checks if check.severity == "warning"), None
        )
        if drifted is not None and drifted.run:
            return f"modelmonitor drift show {drifted.run}"
        if self.incomplete or not self.total or self.state is State.UNKNOWN:
            return "modelmonitor doctor"
        if self.alerts:
            return "modelmonitor alerts"
        return "modelmonitor review" if self.state is not State.HEALTHY else "modelmonitor top"


_OF_CHECK: Final = {"warning": State.WARNING, "critical": State.CRITICAL}
