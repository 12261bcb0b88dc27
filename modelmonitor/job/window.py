"""The rows that a check judges, with the bounds they were read from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from modelmonitor.estimate.labelled import LabelCounts
from modelmonitor.job.bulk import Bulk
from modelmonitor.report.check import WindowReport
from modelmonitor.sample import Sample


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why something cannot be judged: one word for programs, one sentence for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Part:
    """The newest part of a window, from `start` to the window's end.

    Attributes:
        sample: its rows, or a random subset of them.
        bulk: all of its rows, where `sample` is a subset.
    """

    start: datetime
    sample: Sample
    bulk: Bulk | None = None

    @property
    def columns(self) -> Sample:
        """All rows that were read; without texts and embeddings where they are many."""
        return self.sample if self.bulk is None else self.bulk.columns


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of the truth.

    Attributes:
        counts: over the whole window.
        delay_s: median delay of a label, seconds.
        as_of: when they were counted, by the database's clock.
    """

    counts: LabelCounts
    delay_s: float | None
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Window:
    """A window of the prediction log.

    Attributes:
        start: first instant, UTC, included.
        end: last instant, UTC, excluded.
        rows_logged: predictions logged between the two; the sample may be a random subset of them.
        sample: what was read, or None when the window cannot be compared; then `obstacle` says why.
        newer: the newest half, quarter, … of the window, where they are tested too.
        other_versions: predictions of other model versions between the two.
        labels: counts over all logged rows; None where nobody asked for them.
        bulk: all rows that were read, where `sample` is a random subset of them.
    """

    start: datetime
    end: datetime
    rows_logged: int
    sample: Sample | None
    obstacle: Obstacle | None = None
    newer: tuple[Part, ...] = ()
    other_versions: int = 0
    labels: Labels | None = None
    bulk: Bulk | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        """Everything that is tested, the whole window first."""
        return () if self.sample is None else (Part(self.start, self.sample, self.bulk), *self.newer)

    @property
    def columns(self) -> Sample | None:
        """All rows that were read; without texts and embeddings where they are many."""
        return self.sample if self.bulk is None else self.bulk.columns

    def summary(self) -> WindowReport:
        """Bounds and counts for the report."""
        return WindowReport(
            start=self.start,
            end=self.end,
            rows_logged=self.rows_logged,
            rows=0 if self.columns is None else len(self.columns),
            other_versions=self.other_versions,
        )
