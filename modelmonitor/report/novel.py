"""What a window has that the reference has not: new patterns, and the part of it that drifted."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from modelmonitor.report.episode import FingerprintReport
from modelmonitor.report.part import Part
from modelmonitor.report.texts import ExampleReport, WordReport

Harm = Literal["yes", "no", "suspected", "not visible"]
_NOTABLE_FALL = 0.05
_ENOUGH_LABELS = 50


class PatternReport(Part):
    """A group of alike predictions in a place where the reference has next to none.

    Attributes:
        name: short form of its place, by which runs recognise it.
        fingerprint: its place.
        rows: predictions of it that were read.
        share: of the window, 0 to 1.
        reference_share: of the reference's rows that lie in the same place.
        p_value: of so many rows there, on rows that had no part in finding it.
        cohesion: how much nearer its rows are to each other than those of the window are, 0 to 1.
        confidence: mean of its predictions; None where the model told the classes alone.
        classes: share of each predicted class.
        words: that its texts hold more often than others.
        examples: its most central texts.
        first_seen: beginning of the first window that had it, UTC; None before the run was placed in time.
        windows: windows without a common prediction that had it, this one included.
        growth: its share now over its share in the first of them.
        established: whether it is an event: two windows had it.
    """

    name: str
    fingerprint: FingerprintReport
    rows: int
    share: float
    reference_share: float
    p_value: float
    cohesion: float
    confidence: float | None
    classes: dict[str, float]
    words: tuple[WordReport, ...] = ()
    examples: tuple[ExampleReport, ...] = ()
    first_seen: datetime | None = None
    windows: int = 1
    growth: float = 1.0
    established: bool = False

    @property
    def title(self) -> str:
        """Its words, or its name where no text was kept."""
        return ", ".join(word.word for word in self.words[:4]) or self.name


class NoveltyReport(Part):
    """Rows far from everything in the reference, and the groups that they form.

    Attributes:
        check: of which check's window.
        strange_share: share of rows farther from the reference than 95 % of its own rows, 0 to 1.
        expected_share: of the same without change.
        p_value: of a share at least as large without change.
        rows: that were looked at.
        patterns: the largest first.
    """

    check: str
    strange_share: float
    expected_share: float
    p_value: float
    rows: int
    patterns: tuple[PatternReport, ...] = ()


class PartQualityReport(Part):
    """How the model does on a part of the window; shares from 0 to 1.

    Attributes:
        confidence: mean; None where the model told the classes alone.
        calibrated: mean probability of being right as the reference calibrates it; on strange rows rather too
            high; None where the reference has too few labels.
        labelled: rows with a label.
        accuracy: measured on them; None without, as its interval.
    """

    rows: int
    confidence: float | None
    calibrated: float | None
    labelled: int
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None


class DriftedPartReport(Part):
    """The rows that a classifier tells from the reference.

    Attributes:
        share: of the window, as measured on rows that the classifier has not seen.
        low: at least this share drifted, with a confidence of 95 %.
        precision: share of the rows inside that are not there by mistake.
        inside: how the model does on the drifted rows.
        rest: how it does on all others.
    """

    share: float
    low: float
    precision: float
    inside: PartQualityReport
    rest: PartQualityReport

    @property
    def harm(self) -> Harm:
        """Whether the model is worse inside: by labels where there are some, else by confidence."""
        inside, rest = self.inside, self.rest
        if inside.high is not None and rest.low is not None and inside.high < rest.low:
            return "yes"
        if inside.low is not None and rest.accuracy is not None and inside.labelled >= _ENOUGH_LABELS:
            return "no" if inside.low >= rest.accuracy - _NOTABLE_FALL else "suspected"
        return "suspected" if self._less_sure else "not visible"

    @property
    def _less_sure(self) -> bool:
        now, usual = self.inside.confidence, self.rest.confidence
        if self.inside.calibrated is not None and self.rest.calibrated is not None:
            now, usual = self.inside.calibrated, self.rest.calibrated
        return now is not None and usual is not None and now < usual - _NOTABLE_FALL
