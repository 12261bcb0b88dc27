"""The rows that a check judges, with the bounds they were read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from modelmonitor.report.check import WindowReport
from modelmonitor.sample import Sample


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something cannot be judged: one word for programs, one sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the prediction log.

    Attributes:
        start: first instant, UTC, included.
        end: last instant, UTC, excluded.
        rows_logged: predictions logged between the two; the sample may be a random subset of them.
        sample: what was read, or None when the window cannot be compared; then `obstacle` says why.
    """

    start: datetime
    end: datetime
    rows_logged: int
    sample: Sample | None
    obstacle: Obstacle | None = None

    def summary(self) -> WindowReport:
        """Bounds and counts for the report."""
        return WindowReport(
            start=self.start,
            end=self.end,
            rows_logged=self.rows_logged,
            rows=0 if self.sample is None else len(self.sample),
        )
