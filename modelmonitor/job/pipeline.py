"""A whole run as a pure function: plan, reference and windows in, report out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from modelmonitor.estimate.novelty import Novelty, novelty
from modelmonitor.health import Row, assess, red_flags
from modelmonitor.job.compare import (
    accuracy_course,
    compare_classes,
    compare_confidence,
    measure,
    time_course,
)
from modelmonitor.job.concept import concept
from modelmonitor.job.evidence import gather
from modelmonitor.job.judge import judge
from modelmonitor.job.novel import drifted, novel
from modelmonitor.job.plan import PlannedCheck, RunPlan
from modelmonitor.job.quality import estimated, measured, some_rows
from modelmonitor.job.texts import explain_texts
from modelmonitor.job.window import Window
from modelmonitor.report.check import CheckReport, CheckType, ReferenceReport
from modelmonitor.report.model import BudgetReport, HealthRowReport, RunReport
from modelmonitor.report.part import Part
from modelmonitor.sample import Sample
from modelmonitor.store.references import Reference

_FEWEST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a run depends on besides the data.

    Attributes:
        run_id: unique; the key of the results.
        now: the end of the windows and the time that the report carries, UTC.
        seed: of every random choice.
        packages: versions of the packages that compute.
    """

    run_id: str
    now: datetime
    seed: int
    packages: Mapping[str, str]


def run_checks(
    plan: RunPlan,
    *,
    reference: Reference | None,
    windows: Mapping[str, Window],
    circumstances: Circumstances,
    outdated: str = "",
) -> RunReport:
    """Judge every check of the plan and gather what the report shows.

    Args:
        plan: what to run.
        reference: what normal looks like; without it every check is inconclusive.
        windows: for each check of the plan, by name, its window.
        circumstances: run id, time, seed, history and package versions.
        outdated: why there is no newer reference, a sentence; empty if it is the right one.

    Raises:
        DetectionError: a detector's package is missing; anything the data lack is a verdict instead.
    """
    sample = None if reference is None else reference.sample
    space = "" if reference is None else f"{reference.model_name} {reference.model_version}"
    checks = tuple(
        judge(
            check,
            reference=sample,
            window=windows[check.name],
            space=space,
            seed=circumstances.seed,
            with_quality=plan.measures_segments(check),
        )
        for check in plan.checks
    )
    shown = windows[_of_type(plan.checks, "data").name]
    return RunReport(
        run_id=circumstances.run_id,
        finished_at=circumstances.now,
        monitor=plan.monitor,
        namespace=plan.namespace,
        deployment_id=plan.deployment_id,
        model_name=plan.model_name,
        model_version=plan.model_version or (reference.model_version if reference else None),
        window=shown.summary(),
        reference=_described(reference, outdated=outdated),
        budget=BudgetReport(max=plan.budget_max, per=plan.budget_per),
        checks=checks,
        health=_health(plan, shown),
        red_flags=_red_flags(plan, shown),
        notes=(
            *_outdated(outdated, reference),
            *_capped(checks),
            *_sampled(windows),
            *_mixed(checks),
            *_unsplit(plan, checks),
        ),
        evidence=gather(
            plan, reference=sample, windows=windows, seed=circumstances.seed, packages=circumstances.packages
        ),
        **_comparison(plan, sample, windows=windows, space=space, seed=circumstances.seed),
    )


def _comparison(
    plan: RunPlan, reference: Sample | None, *, windows: Mapping[str, Window], space: str, seed: int
) -> dict[str, Part | tuple[Part, ...] | None]:
    looking = _of_type(plan.checks, "data").name
    shown = windows[looking]
    judged = windows[_of_type(plan.checks, "performance").name]
    if reference is None or not len(reference) or not shown.sample or not judged.sample:
        return {}
    before, now = (some_rows(sample, seed=seed) for sample in (reference, shown.sample))
    outside = _outside(before, now, seed=seed)
    same = judged.sample.prediction_ids == shown.sample.prediction_ids
    return {
        "estimate": estimated(reference, judged.sample, seed=seed, outside=outside if same else None),
        "drifted_part": drifted(before, now, outside),
        "novelty": novel(before, now, check=looking, space=space, seed=seed),
        "labelled": measured(judged.labels.counts, delay_s=judged.labels.delay_s) if judged.labels else None,
        "confidence": compare_confidence(reference, shown.columns or shown.sample),
        "classes": compare_classes(reference, shown.columns or shown.sample, seed=seed),
        "concept": concept(before, now, outside, seed=seed),
        "moments": time_course(shown),
        "accuracy_moments": accuracy_course(judged),
        "examples": explain_texts(reference, shown.sample, privacy=plan.privacy, seed=seed),
    }


def _outside(reference: Sample, window: Sample, *, seed: int) -> Novelty | None:
    enough = min(len(reference), len(window)) >= _FEWEST_ROWS
    return novelty(reference, window, seed=seed) if enough else None


def _of_type(checks: Sequence[PlannedCheck], kind: CheckType) -> PlannedCheck:
    return next((check for check in checks if check.type == kind), checks[0])


def _described(reference: Reference | None, *, outdated: str) -> ReferenceReport | None:
    if reference is None:
        return None
    return ReferenceReport(
        name=reference.name,
        version=reference.version,
        model_name=reference.model_name,
        model_version=reference.model_version,
        created_at=reference.created_at,
        origin=reference.origin,
        rows=len(reference.sample),
        outdated=outdated,
        forced=str(reference.source.get("forced", "")),
    )


def _health(plan: RunPlan, window: Window) -> tuple[HealthRowReport, ...]:
    if window.columns is None:
        return ()
    values = measure(window.columns, low_below=plan.thresholds.low_confidence_below)
    return tuple(_health_row(row) for row in assess(values, plan.thresholds))


def _health_row(row: Row) -> HealthRowReport:
    return HealthRowReport(
        name=row.name,
        value=row.value,
        warning=row.bounds.warning if row.bounds else None,
        critical=row.bounds.critical if row.bounds else None,
        state=row.state,
    )


def _red_flags(plan: RunPlan, window: Window) -> tuple[str, ...]:
    if window.columns is None:
        return ()
    return red_flags(measure(window.columns, low_below=plan.thresholds.low_confidence_below))


def _outdated(why: str, reference: Reference | None) -> tuple[str, ...]:
    if not why or reference is None:
        return ()
    return (
        f"Compared with version {reference.version} of the reference, for no newer could be built. {why}",
    )


def _capped(checks: Sequence[CheckReport]) -> tuple[str, ...]:
    notes = [
        f"{check.window.rows_logged:,} predictions were logged; "
        f"a random {check.window.rows:,} of them were read (window.maxRows)."
        for check in checks
        if 0 < check.window.rows < check.window.rows_logged
    ]
    return tuple(dict.fromkeys(notes))


def _sampled(windows: Mapping[str, Window]) -> tuple[str, ...]:
    notes = [
        f"Of {len(window.bulk.columns):,} predictions that were read, texts, estimates and the tests that "
        f"take fewer rows use a random {len(window.sample):,}."
        for window in windows.values()
        if window.sample is not None and window.bulk is not None
    ]
    return tuple(dict.fromkeys(notes))


def _mixed(checks: Sequence[CheckReport]) -> tuple[str, ...]:
    notes = [
        f"{check.window.other_versions:,} of {check.window.rows_logged + check.window.other_versions:,} "
        "predictions of the window came from other model versions and are not judged."
        for check in checks
        if check.window.other_versions
    ]
    return tuple(dict.fromkeys(notes))


def _unsplit(plan: RunPlan, checks: Sequence[CheckReport]) -> tuple[str, ...]:
    """Columns that a check names and no prediction of its window has."""
    notes = []
    for planned, check in zip(plan.checks, checks, strict=True):
        split = {segment.name.partition("=")[0] for segment in check.segments}
        notes += [
            f"Check {check.name} was not split by {key}: no prediction of the window carries it "
            "(header x-modelmonitor-segment), or all carry the same value."
            for key in planned.segments
            if key not in split and check.window.rows
        ]
    return tuple(notes)
