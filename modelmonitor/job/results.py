"""A run as rows of PostgreSQL: one a test or untested check or segment, and one a retraining trigger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from modelmonitor.detect.roles import ROLES
from modelmonitor.job.conclude import Conclusion, Judged
from modelmonitor.job.plan import DEFAULT_NAMESPACE, RunPlan
from modelmonitor.report.check import CheckReport, FindingReport, SegmentReport
from modelmonitor.report.model import RunReport
from modelmonitor.store.results import DriftRow
from modelmonitor.store.retrain import TriggerRow


def result_rows(report: RunReport, *, report_url: str = "") -> tuple[DriftRow, ...]:
    """The rows of a run, in the order of its checks.

    Args:
        report: the run.
        report_url: where the full report is; empty if it is nowhere.
    """
    return tuple(row for check in report.checks for row in _rows(report, check, report_url=report_url))


def _rows(report: RunReport, check: CheckReport, *, report_url: str) -> Iterator[DriftRow]:
    for finding in check.findings or (None,):
        yield _row(report, check, finding, report_url=report_url)
    for segment in check.segments:
        for finding in segment.findings or (None,):
            yield replace(
                _row(report, check, finding, report_url=report_url), **_of_segment(report, segment, finding)
            )


def _of_segment(report: RunReport, segment: SegmentReport, finding: FindingReport | None) -> dict[str, Any]:
    """What a row of a segment has of its own."""
    facts = {
        "share": segment.share,
        "like_with_like": segment.like_with_like,
        "accuracy": segment.labelled.accuracy if segment.labelled else None,
        "estimated_accuracy": segment.estimate.accuracy if segment.estimate else None,
    }
    own: dict[str, Any] = {"segment": segment.name, "evidence": {"seed": report.evidence.seed, **facts}}
    if finding is None:
        verdict = segment.verdict
        own |= {
            "verdict": verdict.outcome,
            "severity": verdict.severity or "none",
            "reason": verdict.reason or "",
            "is_drift_detected": False,
            "n_reference": segment.reference_rows,
            "n_window": segment.rows,
        }
    return own


def _row(
    report: RunReport, check: CheckReport, finding: FindingReport | None, *, report_url: str
) -> DriftRow:
    verdict = finding.verdict if finding else check.verdict
    return DriftRow(
        run_id=report.run_id,
        monitor=report.monitor,
        deployment_id=report.deployment_id,
        check_name=check.name,
        drift_type=check.type,
        detector=finding.detector if finding else check.detector,
        backend=finding.backend if finding else check.backend,
        feature=finding.feature if finding else "",
        statistic=finding.statistic if finding else None,
        p_value=finding.p_value if finding else None,
        effect_size=finding.effect_size if finding else None,
        effect_name=finding.effect_name if finding else "",
        level=finding.level if finding else None,
        threshold=finding.effect_warning if finding else None,
        verdict=verdict.outcome,
        severity=verdict.severity or "none",
        reason=finding.sentence if finding else check.sentence,
        is_drift_detected=verdict.outcome == "Drift",
        drift_score=score(finding),
        n_reference=finding.n_reference if finding else (report.reference.rows if report.reference else 0),
        n_window=finding.n_window if finding else check.window.rows,
        window_start=finding.since if finding and finding.since else check.window.start,
        window_end=check.window.end,
        model_name=report.model_name,
        model_version=report.model_version or "",
        created_at=report.finished_at,
        evidence=_evidence(report, check, finding),
        report_url=report_url,
        namespace=report.namespace or DEFAULT_NAMESPACE,
    )


def score(finding: FindingReport | None) -> float:
    """The guide's drift score, 0 to 1: the effect size, 0 where no test ran."""
    return min(max(finding.effect_size, 0.0), 1.0) if finding else 0.0


def _evidence(report: RunReport, check: CheckReport, finding: FindingReport | None) -> dict[str, object]:
    return {
        "seed": report.evidence.seed,
        "plan": report.evidence.plan,
        "reference_rows": report.evidence.reference_rows,
        "window_rows": report.evidence.window_rows.get(check.name),
        "window_content": report.evidence.window_content.get(check.name),
        "rows": ROLES[finding.detector].to_json() if finding else {},
        "packages": dict(report.evidence.packages),
        "parameters": dict(finding.parameters) if finding else {},
        "parts": finding.parts if finding else 0,
        "look": check.look,
        "paging_level": check.paging_level,
        "minimum_detectable_effect": finding.minimum_detectable_effect if finding else None,
        "version_share": check.window.version_share,
        "episode": check.episode.started_at.isoformat() if check.episode else None,
    }


def trigger_rows(found: Conclusion, *, plan: RunPlan) -> tuple[TriggerRow, ...]:
    """The rows of `retrain_triggers` of a run, one a trigger that a check judged."""
    return tuple(_trigger_row(judged, found.report, plan=plan) for judged in found.triggers)


def _trigger_row(judged: Judged, report: RunReport, *, plan: RunPlan) -> TriggerRow:
    return TriggerRow(
        run_id=report.run_id,
        **plan.whose,
        check_name=judged.check,
        trigger=judged.firing.trigger,
        fires=judged.firing.fires,
        established=judged.reason is not None and judged.reason.established,
        runs=judged.reason.runs if judged.reason else 0,
        message=judged.firing.message,
        evidence=dict(judged.firing.values),
        created_at=report.finished_at,
    )
