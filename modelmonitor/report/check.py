"""One check of a run: its window, the numbers behind it, the verdict and a sentence that says it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Literal

from modelmonitor.report.episode import EpisodeReport, FingerprintReport, Severity
from modelmonitor.report.part import Part
from modelmonitor.report.quality import EstimateReport, LabelledReport

Outcome = Literal["NoDrift", "Drift", "Inconclusive"]
CheckType = Literal["data", "concept", "performance"]
Look = Literal["scheduled", "extra"]


class Rank(StrEnum):
    """A verdict in one word, as people sort them."""

    CRITICAL = "critical"
    WARNING = "warning"
    INCONCLUSIVE = "inconclusive"
    NONE = "none"


WORST_FIRST = (Rank.CRITICAL, Rank.WARNING, Rank.INCONCLUSIVE, Rank.NONE)


class VerdictReport(Part):
    """What was decided.

    Attributes:
        severity: set when, and only when, the outcome is Drift.
        reason: set when, and only when, the outcome is Inconclusive: a sentence that says what is missing.
        code: the reason as one word, such as TooFewRows; set with it.
    """

    outcome: Outcome
    severity: Severity | None = None
    reason: str | None = None
    code: str | None = None

    def __str__(self) -> str:
        """Such as NoDrift, Drift(critical) or Inconclusive(TooFewRows)."""
        detail = self.severity or self.code
        return f"{self.outcome}({detail})" if detail else self.outcome

    @property
    def rank(self) -> Rank:
        """The verdict in one word."""
        if self.outcome == "Inconclusive":
            return Rank.INCONCLUSIVE
        return Rank(self.severity) if self.severity else Rank.NONE


class WindowReport(Part):
    """The window that was judged.

    Attributes:
        start: first instant, UTC, included.
        end: last instant, UTC, excluded.
        rows_logged: predictions in the log between the two.
        rows: predictions read for the run; fewer than logged when a random subset was taken.
        other_versions: predictions of other model versions between the two, which are not judged.
    """

    start: datetime
    end: datetime
    rows_logged: int
    rows: int
    other_versions: int = 0

    @property
    def version_share(self) -> float | None:
        """Share of all predictions that the judged version made, 0 to 1; None without predictions."""
        every = self.rows_logged + self.other_versions
        return self.rows_logged / every if every else None


class ReferenceReport(Part):
    """The reference that the window was held against.

    Attributes:
        outdated: why there is no newer version, a sentence; empty if this is the right one.
        forced: the reason for which it is taken although it seems to contain drift; empty without.
    """

    name: str
    version: int
    model_name: str
    model_version: str
    created_at: datetime
    origin: str
    rows: int
    outdated: str = ""
    forced: str = ""


class FindingReport(Part):
    """One test of one feature.

    Attributes:
        feature: what was compared: "embedding", "text", "predicted class", "confidence" or "labels".
        p_value: probability of a difference at least this large without drift, 0 to 1; None where the
            method has none.
        effect_size: how large the difference is, in the unit that `effect_name` states.
        effect_warning: from this effect on a significant difference is drift.
        effect_critical: from this effect on the drift is critical.
        level: the p-value must lie at or under this level, which follows from the false-alarm budget.
        parameters: settings that the detector ran with, to repeat it.
        since: first moment of the part of the window that this finding is of.
        parts: how many parts of the window were tested, each at this level; the most telling is shown.
        minimum_detectable_effect: found four times of five with these rows at this level; None if not known.
        segment: the part of the window that was tested, such as channel=app; empty for all of it.
    """

    detector: str
    backend: str
    feature: str
    statistic: float
    p_value: float | None
    effect_size: float
    effect_name: str
    effect_warning: float
    effect_critical: float
    level: float
    n_reference: int
    n_window: int
    parameters: dict[str, str]
    verdict: VerdictReport
    sentence: str
    since: datetime | None = None
    parts: int = 1
    minimum_detectable_effect: float | None = None
    segment: str = ""

    @property
    def drifted(self) -> bool:
        """Whether it is drift."""
        return self.verdict.outcome == "Drift"


class SegmentReport(Part):
    """A part of the window, tested for itself.

    Attributes:
        name: such as channel=app; (others) in place of a value stands for rare values and rows without one.
        rows: of the window.
        reference_rows: that it was held against.
        like_with_like: whether those are of the same segment; else they are all of the reference.
        share: of the difference between window and reference, all segments of a column together 1; None
            where no drift was found or no inputs are compared.
        labelled: quality on its labelled rows; None without labels.
        estimate: quality estimated without labels; None where that cannot be done.
    """

    name: str
    rows: int
    reference_rows: int
    like_with_like: bool
    findings: tuple[FindingReport, ...]
    verdict: VerdictReport
    share: float | None = None
    labelled: LabelledReport | None = None
    estimate: EstimateReport | None = None


class CheckReport(Part):
    """One check: the worst of its findings decides.

    Attributes:
        detector: the test that the check names; a data check adds one on words.
        level: the level of the whole check, which its tests of all parts of the window share.
        suspected: True where only labels could prove the drift (concept drift without labels).
        look: scheduled, or extra for a second run before the next scheduled one.
        paging_level: p-values of an unsplit window up to this may page in this run; less for an extra look.
        fingerprint: direction of the difference; None where it could not be compared.
        episode: the open episode of drift, or the one that this run closed.
        segments: parts of the window by the columns that the check names, each tested for itself.
    """

    name: str
    type: CheckType
    detector: str
    backend: str
    level: float
    suspected: bool
    window: WindowReport
    findings: tuple[FindingReport, ...]
    verdict: VerdictReport
    sentence: str
    look: Look = "scheduled"
    paging_level: float | None = None
    fingerprint: FingerprintReport | None = None
    episode: EpisodeReport | None = None
    segments: tuple[SegmentReport, ...] = ()

    @property
    def leading(self) -> FindingReport | None:
        """The finding that decided: the worst verdict, the whole before a segment, the smallest p-value."""
        return leading(self.deciding)

    @property
    def deciding(self) -> tuple[FindingReport, ...]:
        """The findings that the verdict rests on: of the whole window, and of segments where they drifted."""
        drifted = (finding for segment in self.segments for finding in segment.findings if finding.drifted)
        return (*self.findings, *drifted)


def leading(findings: Sequence[FindingReport]) -> FindingReport | None:
    """The worst verdict, the whole before a segment, then the smallest p-value; None without findings."""
    ranked = sorted(
        findings,
        key=lambda finding: (
            WORST_FIRST.index(finding.verdict.rank),
            finding.segment != "",
            1.0 if finding.p_value is None else finding.p_value,
        ),
    )
    return ranked[0] if ranked else None


def worst(verdicts: tuple[VerdictReport, ...]) -> VerdictReport:
    """The verdict that stands for all: drift before inconclusive before no drift; of none, inconclusive."""
    for rank in WORST_FIRST:
        for verdict in verdicts:
            if verdict.rank == rank:
                return verdict
    return VerdictReport(outcome="Inconclusive", reason="No check ran.", code="NoCheck")
