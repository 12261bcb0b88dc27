"""The report of one run; its JSON is the stable twin of the HTML page."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from pydantic import Field

from modelmonitor.health import State
from modelmonitor.report.check import CheckReport, ReferenceReport, VerdictReport, WindowReport, worst
from modelmonitor.report.concept import ConceptReport
from modelmonitor.report.novel import DriftedPartReport, NoveltyReport
from modelmonitor.report.part import Part
from modelmonitor.report.quality import EstimateReport, LabelledReport
from modelmonitor.report.texts import ExamplesReport

SchemaVersion = Literal["modelmonitor.io/report/v1"]
SCHEMA_VERSION: Final[SchemaVersion] = "modelmonitor.io/report/v1"


class HistogramReport(Part):
    """Confidence of reference and window over the same bins.

    Attributes:
        edges: k + 1 bin borders, ascending, 0 to 1.
        reference: k shares of the reference's rows; they sum to 1.
        window: k shares of the window's rows; they sum to 1.
    """

    edges: tuple[float, ...]
    reference: tuple[float, ...]
    window: tuple[float, ...]
    reference_mean: float
    window_mean: float


class ClassShareReport(Part):
    """How often a class was predicted, as shares from 0 to 1.

    Attributes:
        low: lower end of the window's 95 % interval, valid at all looks together.
        high: its upper end.
        true_share: share of the window whose true class this is, corrected for the classifier's errors; None
            where the reference has too few labels. It takes for granted that only the mix changed.
        true_low: lower end of its 95 % interval.
        true_high: its upper end.
    """

    name: str
    reference: float
    window: float
    low: float | None = None
    high: float | None = None
    true_share: float | None = None
    true_low: float | None = None
    true_high: float | None = None


class MomentReport(Part):
    """One slice of the window: how many predictions it holds and how confident they are (None if none).

    Attributes:
        low: lower end of the mean's 95 % interval; None for fewer than two predictions.
        high: its upper end.
    """

    start: datetime
    rows: int
    confidence: float | None
    low: float | None = None
    high: float | None = None


class AccuracyMomentReport(Part):
    """One slice of the performance check's window: accuracy on its labelled rows (None if there are none).

    Attributes:
        rows: labelled predictions of the slice.
        low: lower end of the accuracy's 95 % interval, valid however often it is looked at.
        high: its upper end.
    """

    start: datetime
    rows: int
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None


class RetrainReport(Part):
    """A reason to train again that holds now.

    Attributes:
        check: whose run found it.
        established: whether it held in as many runs in a row as the monitor asks for.
        runs: runs in a row.
        since: the first of them, UTC.
    """

    trigger: str
    check: str
    established: bool
    runs: int
    since: datetime
    message: str


class HealthRowReport(Part):
    """One row of the guide's threshold table."""

    name: str
    value: float | None
    warning: float | None
    critical: float | None
    state: State


class BudgetReport(Part):
    """How many false alarms the user accepts, over all checks of the monitor."""

    max: int
    per: str


class EvidenceReport(Part):
    """What is needed to repeat the run and to prove that it was repeated on the same rows.

    Attributes:
        reference_rows: SHA-256 over the reference's rows.
        window_rows: SHA-256 over the ids of the rows that were read, by check.
        window_content: SHA-256 over all that was compared of these rows, by check.
        plan: SHA-256 of the plan (checks, detectors, levels, thresholds).
        packages: versions of the packages that computed the numbers.
    """

    seed: int
    reference_rows: str | None
    window_rows: dict[str, str]
    window_content: dict[str, str] = Field(default={})
    plan: str
    packages: dict[str, str]


class RunReport(Part):
    """One drift run of one monitor.

    Attributes:
        window: the window of the first data check, or else of the first check; charts show it.
        moments: mean confidence over that window.
        accuracy_moments: measured accuracy over the window of the performance check.
        drifting_since: when this episode of drift was first reported, UTC; None without drift.
        retrain: reasons to train again, the established ones first.
        notes: things left out of the run and why, each a sentence.
    """

    schema_version: SchemaVersion = SCHEMA_VERSION
    run_id: str
    finished_at: datetime
    monitor: str
    namespace: str | None = None
    deployment_id: str
    model_name: str
    model_version: str | None = None
    window: WindowReport
    reference: ReferenceReport | None
    budget: BudgetReport
    checks: tuple[CheckReport, ...]
    drifting_since: datetime | None = None
    estimate: EstimateReport | None = None
    labelled: LabelledReport | None = None
    confidence: HistogramReport | None = None
    classes: tuple[ClassShareReport, ...] = ()
    moments: tuple[MomentReport, ...] = ()
    accuracy_moments: tuple[AccuracyMomentReport, ...] = ()
    examples: ExamplesReport = ExamplesReport()
    novelty: NoveltyReport | None = None
    drifted_part: DriftedPartReport | None = None
    concept: ConceptReport = ConceptReport()
    health: tuple[HealthRowReport, ...] = ()
    red_flags: tuple[str, ...] = ()
    retrain: tuple[RetrainReport, ...] = ()
    notes: tuple[str, ...] = ()
    evidence: EvidenceReport

    @property
    def verdict(self) -> VerdictReport:
        """The worst verdict of the checks."""
        return worst(tuple(check.verdict for check in self.checks))
