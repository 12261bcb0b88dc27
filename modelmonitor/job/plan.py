"""What a run does: the tests of every check with their levels, read from a ModelMonitor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from modelmonitor.api.checks import Check, CheckType, Detector
from modelmonitor.api.durations import parse_duration
from modelmonitor.api.reference import Reference
from modelmonitor.api.retrain import ALL_TRIGGERS, BUSINESS_CHANGE, Trigger
from modelmonitor.api.thresholds import Thresholds as ThresholdSpec
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.decide.episodes import Rules
from modelmonitor.decide.thresholds import DEFAULT_THRESHOLDS, EffectThresholds
from modelmonitor.detect import registry
from modelmonitor.detect.catalogue import ALIBI, NATIVE
from modelmonitor.detect.catalogue import Detector as DetectorFunction
from modelmonitor.health import Bounds, Thresholds
from modelmonitor.job.errors import UnknownCheck
from modelmonitor.job.levels import TEXT_TEST, levels_of, parts_of, tests_of

DEFAULT_NAMESPACE: Final = "default"
"""Of monitors that no cluster gave one, as Kubernetes would."""


@dataclass(frozen=True, slots=True)
class PlannedTest:
    """One statistical test.

    Attributes:
        name: of the detector, as the spec writes it.
        level: p-values up to this count as significant; its share of the false-alarm budget.
        thresholds: effects that matter, in the detector's unit.
        only_a_fall: a significant change counts only if mean confidence fell.
    """

    name: str
    backend: str
    detector: DetectorFunction
    level: float
    thresholds: EffectThresholds
    only_a_fall: bool


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One check: its window and the tests that it combines, each at its own level.

    Attributes:
        lookback: length of the window up to the start of the run.
        parts: how many parts of the window are tested, each at the tests' level: all, the newest half, ….
        schedule: when it runs, as cron writes it.
        time_zone: of the schedule.
        episodes: when drift is over.
        newest: only so many of the newest predictions of the window; None for all.
        min_rows: with fewer rows the check is inconclusive.
        max_rows: of more rows a uniform random subset is read.
        segments: keys of the segment column by which the tests are repeated.
    """

    name: str
    type: CheckType
    lookback: timedelta
    parts: int
    schedule: str
    time_zone: str
    episodes: Rules
    newest: int | None
    min_rows: int
    max_rows: int
    segments: tuple[str, ...]
    tests: tuple[PlannedTest, ...]

    def part_starts(self, start: datetime, end: datetime) -> tuple[datetime, ...]:
        """First moment of each part of a window [start, end): the whole first, then ever shorter ones."""
        halved = (end - self.lookback / 2**number for number in range(1, self.parts))
        return (start, *(moment for moment in halved if moment > start))


@dataclass(frozen=True, slots=True)
class ReferencePlan:
    """Which reference a run compares with.

    Attributes:
        name: in PostgreSQL; of a data set its own.
        spec: the source and when it is read anew.
        longest_lookback: of all checks of the monitor, also those that do not run now.
        token_place: where the score token belongs in a cluster; empty where nothing says.
    """

    name: str
    spec: Reference
    longest_lookback: timedelta
    token_place: str = ""


@dataclass(frozen=True, slots=True)
class RetrainPlan:
    """What a recommendation to train again needs.

    Attributes:
        when: triggers that the monitor asks for.
        min_evidence: runs in a row that must agree.
        judges: for each check of the monitor the triggers that it is the judge of.
        business_change: what a person declared by annotation, empty without.
    """

    when: tuple[Trigger, ...]
    min_evidence: int
    judges: Mapping[str, tuple[Trigger, ...]]
    business_change: str


@dataclass(frozen=True, slots=True)
class RunPlan:
    """Everything that a run needs to know of its monitor.

    Attributes:
        model_version: the version to watch; None follows the newest reference.
        reference: what normal looks like and how it is built.
        show_texts: whether logged texts may appear in a report.
        retrain: what a recommendation to train again needs.
        settings: the spec as JSON types, for the record.
    """

    monitor: str
    namespace: str | None
    deployment_id: str
    model_name: str
    model_version: str | None
    reference: ReferencePlan
    checks: tuple[PlannedCheck, ...]
    budget_max: int
    budget_per: str
    thresholds: Thresholds
    privacy: str
    retrain: RetrainPlan
    settings: dict[str, object]

    @property
    def whose(self) -> dict[str, str]:
        """By what results, episodes and triggers of this monitor are known in PostgreSQL."""
        namespace = self.namespace or DEFAULT_NAMESPACE
        return {"namespace": namespace, "monitor": self.monitor, "deployment_id": self.deployment_id}

    @property
    def show_texts(self) -> bool:
        """Whether logged texts may appear in a report."""
        return self.privacy == "store"

    def measures(self, check: PlannedCheck) -> bool:
        """Whether the quality on labelled predictions is that of this check's window."""
        judges = [each for each in self.checks if each.type == "performance"] or list(self.checks)
        return judges[0].name == check.name

    def measures_segments(self, check: PlannedCheck) -> bool:
        """Whether the quality of segments is that of this check's segments."""
        split = [each for each in self.checks if each.segments]
        judges = [each for each in split if each.type == "performance"] or split
        return bool(judges) and judges[0].name == check.name


def plan_run(
    monitor: ModelMonitor,
    *,
    only: str | None = None,
    deployment_id: str | None = None,
    alibi_installed: bool | None = None,
) -> RunPlan:
    """The plan for one run of all checks, or of one.

    Args:
        monitor: the resource.
        only: name of the one check to run; levels still come from the budget over all checks.
        deployment_id: whose predictions; the target's name if left out.
        alibi_installed: whether alibi-detect can be imported; looked up if left out.

    Raises:
        UnknownCheck: the monitor has no check `only`.
        DetectionError: a detector or a parameter does not exist.
    """
    spec, level = monitor.spec, levels_of(monitor)
    installed = registry.is_installed(ALIBI) if alibi_installed is None else alibi_installed
    chosen = tuple(_runnable(check, alibi_installed=installed) for check in _chosen(spec.checks, only))
    per = parse_duration(spec.false_alarms.per)
    return RunPlan(
        monitor=monitor.metadata.name,
        namespace=monitor.metadata.namespace,
        deployment_id=deployment_id or spec.target.name,
        model_name=spec.target.name,
        model_version=spec.target.model_version,
        reference=_reference(monitor),
        checks=tuple(_planned(check, level=level[check.name], per=per) for check in chosen),
        budget_max=spec.false_alarms.max,
        budget_per=spec.false_alarms.per,
        thresholds=_thresholds(spec.thresholds),
        privacy=spec.privacy.input,
        retrain=RetrainPlan(
            when=spec.retrain.when,
            min_evidence=spec.retrain.min_evidence,
            judges=_judges(spec.checks),
            business_change=monitor.metadata.annotations.get(BUSINESS_CHANGE, "").strip(),
        ),
        settings=spec.to_manifest(),
    )


def _chosen(checks: Sequence[Check], only: str | None) -> tuple[Check, ...]:
    found = tuple(check for check in checks if only is None or check.name == only)
    if not found:
        msg = f"The monitor has no check {only!r}: choose one of {', '.join(check.name for check in checks)}."
        raise UnknownCheck(msg)
    return found


def _runnable(check: Check, *, alibi_installed: bool) -> Check:
    detector = check.chosen_detector
    if alibi_installed or detector.backend is not None:
        return check
    return check.model_copy(update={"detector": detector.model_copy(update={"backend": NATIVE})})


def _judges(checks: Sequence[Check]) -> dict[str, tuple[Trigger, ...]]:
    """Each trigger has one judge, or three checks a night would count as three nights."""
    data, performance = (
        next((check.name for check in checks if check.type == kind), checks[0].name)
        for kind in ("data", "performance")
    )
    judge_of: dict[Trigger, str] = dict.fromkeys(ALL_TRIGGERS, performance) | {"new-patterns": data}
    return {
        check.name: tuple(trigger for trigger, judge in judge_of.items() if judge == check.name)
        for check in checks
    }


def _planned(check: Check, *, level: float, per: timedelta) -> PlannedCheck:
    return PlannedCheck(
        name=check.name,
        type=check.type,
        lookback=parse_duration(check.window.lookback),
        parts=parts_of(check, per=per),
        schedule=check.schedule,
        time_zone=check.time_zone,
        episodes=Rules(check.episodes.exit_runs, parse_duration(check.episodes.cooldown)),
        newest=check.window.rows,
        min_rows=check.window.min_rows,
        max_rows=check.window.max_rows,
        segments=check.segments,
        tests=tuple(_test(check, detector, level=level) for detector in tests_of(check)),
    )


def _test(check: Check, detector: Detector, *, level: float) -> PlannedTest:
    return PlannedTest(
        name=detector.name,
        backend=detector.chosen_backend,
        detector=registry.detector(detector.name, backend=detector.chosen_backend, params=detector.params),
        level=level,
        thresholds=_effects(check, detector),
        only_a_fall=check.type == "performance",
    )


def _effects(check: Check, detector: Detector) -> EffectThresholds:
    # severity is in the unit of the detector that the check names, so it is not for the one added to it.
    if check.severity is None or detector is TEXT_TEST:
        return DEFAULT_THRESHOLDS[detector.name]
    return EffectThresholds(warning=float(check.severity.warning), critical=float(check.severity.critical))


def _reference(monitor: ModelMonitor) -> ReferencePlan:
    spec, target = monitor.spec.reference, monitor.spec.target
    owner = f"{monitor.metadata.namespace or ''}/{monitor.metadata.name}".lstrip("/")
    kind = next(
        kind for kind in ("dataset", "window", "rolling", "mlflow") if getattr(spec, kind) is not None
    )
    token = target.score_token
    return ReferencePlan(
        # A slash and a colon are in no name of a data set, so what a monitor builds of its log is its own.
        name=spec.dataset or f"{owner}:{kind}",
        spec=spec,
        longest_lookback=max(parse_duration(check.window.lookback) for check in monitor.spec.checks),
        token_place="" if token is None else f"Secret {token.secret_name}, key {token.key}",
    )


def _thresholds(spec: ThresholdSpec) -> Thresholds:
    latency = (parse_duration(spec.latency_p95.warning), parse_duration(spec.latency_p95.critical))
    return Thresholds(
        confidence=Bounds(float(spec.confidence.warning), float(spec.confidence.critical)),
        low_confidence_share=Bounds(
            float(spec.low_confidence_share.warning), float(spec.low_confidence_share.critical)
        ),
        latency_p95=Bounds(latency[0].total_seconds(), latency[1].total_seconds()),
        error_rate=Bounds(float(spec.error_rate.warning), float(spec.error_rate.critical)),
        low_confidence_below=float(spec.low_confidence_below),
    )
