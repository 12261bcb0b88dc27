"""A report as entries of `.status.checks`, the form in which operator and `kubectl` read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, cast

from modelmonitor.api.retrain import Trigger
from modelmonitor.api.status import (
    CheckStatus,
    Effect,
    EpisodeStatus,
    EstimatedAccuracy,
    MeasuredAccuracy,
    RetrainTrigger,
    SegmentStatus,
    number_text,
)
from modelmonitor.report.check import CheckReport, FindingReport, ReferenceReport, SegmentReport, leading
from modelmonitor.report.episode import EpisodeReport
from modelmonitor.report.explanation import explanation
from modelmonitor.report.model import RunReport
from modelmonitor.report.quality import EstimateReport, LabelledReport
from modelmonitor.report.wording import delay

_WORD_LIMIT = 256
_SENTENCE_LIMIT = 4096
_MOST_SEGMENTS: Final = 10


def status_checks(report: RunReport, *, report_url: str | None = None) -> tuple[CheckStatus, ...]:
    """One entry for each check of the run, in the run's order.

    Args:
        report: the run.
        report_url: where people find the full report, an address or a path.
    """
    return tuple(_entry(check, report, report_url) for check in report.checks)


def _entry(check: CheckReport, report: RunReport, report_url: str | None) -> CheckStatus:
    finding = check.leading
    return CheckStatus(
        name=check.name,
        type=check.type,
        verdict=check.verdict.outcome,
        severity=check.verdict.severity,
        reason=check.verdict.code,
        message=check.sentence[:_SENTENCE_LIMIT],
        last_run_time=report.finished_at,
        detector=finding.detector if finding else check.detector,
        backend=finding.backend if finding else check.backend,
        p_value=number_text(finding.p_value) if finding and finding.p_value is not None else None,
        threshold=number_text(finding.level) if finding else None,
        effect=_effect(finding) if finding else None,
        rows=check.window.rows,
        reference_rows=report.reference.rows if report.reference else None,
        reference_note=_note(report.reference),
        window_start=check.window.start,
        window_end=check.window.end,
        model_version=report.model_version[:_WORD_LIMIT] if report.model_version else None,
        confidence=_optional(report.confidence.window_mean if report.confidence else None),
        estimated_accuracy=_estimate(report.estimate) if check.type == "performance" else None,
        minimum_detectable_effect=_optional(finding.minimum_detectable_effect if finding else None),
        version_share=_optional(check.window.version_share),
        look=check.look,
        labelled=_labelled(report.labelled) if check.type == "performance" else None,
        episode=_episode(check.episode),
        retrain=_retrain(report, check.name),
        segments=_segments(check.segments),
        explanation=explanation(report, check),
        report=report_url,
    )


def _note(reference: ReferenceReport | None) -> str | None:
    if reference is None or not (reference.outdated or reference.forced):
        return None
    forced = f"It was forced: {reference.forced}." if reference.forced else ""
    return " ".join((reference.outdated, forced)).strip()[:_SENTENCE_LIMIT]


def _optional(value: float | None) -> str | None:
    return None if value is None else number_text(value)


def _labelled(labelled: LabelledReport | None) -> MeasuredAccuracy | None:
    if labelled is None or labelled.coverage is None:
        return None
    return MeasuredAccuracy(
        rows=labelled.rows,
        coverage=number_text(labelled.coverage),
        accuracy=number_text(labelled.accuracy),
        low=number_text(labelled.low),
        high=number_text(labelled.high),
        delay=None if labelled.delay_s is None else delay(labelled.delay_s),
    )


def _episode(episode: EpisodeReport | None) -> EpisodeStatus | None:
    if episode is None or episode.change == "closed":
        return None
    return EpisodeStatus(
        started_at=episode.started_at,
        severity=episode.severity,
        fingerprint=episode.fingerprint[:_WORD_LIMIT] or None,
        same_as=episode.same_as,
        number=episode.number,
        runs=episode.runs,
    )


def _retrain(report: RunReport, check: str) -> tuple[RetrainTrigger, ...]:
    return tuple(
        RetrainTrigger(
            trigger=cast("Trigger", reason.trigger),
            established=reason.established,
            runs=reason.runs,
            since=reason.since,
            message=reason.message[:_SENTENCE_LIMIT],
        )
        for reason in report.retrain
        if reason.check == check
    )


def _segments(segments: Sequence[SegmentReport]) -> tuple[SegmentStatus, ...]:
    told = sorted(segments, key=lambda each: (each.verdict.outcome != "Drift", -each.rows))
    return tuple(map(_segment, told[:_MOST_SEGMENTS]))


def _segment(segment: SegmentReport) -> SegmentStatus:
    finding = leading(segment.findings)
    return SegmentStatus(
        name=segment.name,
        verdict=segment.verdict.outcome,
        severity=segment.verdict.severity,
        rows=segment.rows,
        effect=_optional(finding.effect_size if finding else None),
        share=_optional(segment.share),
        accuracy=_optional(segment.labelled.accuracy if segment.labelled else None),
    )


def _effect(finding: FindingReport) -> Effect:
    return Effect(
        name=finding.effect_name[:_WORD_LIMIT],
        value=number_text(finding.effect_size),
        warning=number_text(finding.effect_warning),
        critical=number_text(finding.effect_critical),
    )


def _estimate(estimate: EstimateReport | None) -> EstimatedAccuracy | None:
    if estimate is None:
        return None
    return EstimatedAccuracy(
        point=number_text(estimate.accuracy), low=number_text(estimate.low), high=number_text(estimate.high)
    )
