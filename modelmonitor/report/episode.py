"""An episode of drift, and the direction by which it is recognised."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from modelmonitor.report.part import Part

Severity = Literal["warning", "critical"]


class FingerprintReport(Part):
    """The direction of a difference, to recognise it later; see modelmonitor.decide.fingerprint."""

    space: str = ""
    embedding: str = ""
    words: tuple[str, ...] = ()
    classes: tuple[float, ...] = ()


class EpisodeReport(Part):
    """The open episode of drift of a check.

    Attributes:
        started_at: when a run first saw it, UTC.
        severity: the worst so far.
        fingerprint: its direction as short text.
        same_as: start of the first earlier episode in the same direction; None if it is new.
        number: how many episodes of the same drift, this one included.
        runs: runs that saw it.
        change: what this run did to it, such as opened, worsened, continued or quieter.
        pages: whether this run is worth a page.
    """

    started_at: datetime
    severity: Severity
    fingerprint: str
    same_as: datetime | None
    number: int
    runs: int
    change: str
    pages: bool
