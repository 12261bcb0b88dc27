"""A report as rows of `drift_results`: one for each test, or one for a check that no test could judge."""

from __future__ import annotations

from modelmonitor.report.check import CheckReport, FindingReport
from modelmonitor.report.model import RunReport
from modelmonitor.store.results import DriftRow


def result_rows(report: RunReport, *, report_url: str = "") -> tuple[DriftRow, ...]:
    """The rows of a run, in the order of its checks.

    Args:
        report: the run.
        report_url: where the full report is; empty if it is nowhere.
    """
    return tuple(
        _row(report, check, finding, report_url=report_url)
        for check in report.checks
        for finding in (check.findings or (None,))
    )


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
        window_start=check.window.start,
        window_end=check.window.end,
        model_name=report.model_name,
        model_version=report.model_version or "",
        created_at=report.finished_at,
        evidence=_evidence(report, finding),
        report_url=report_url,
    )


def score(finding: FindingReport | None) -> float:
    """The guide's drift score, 0 to 1: the effect size, 0 where no test ran."""
    return min(max(finding.effect_size, 0.0), 1.0) if finding else 0.0


def _evidence(report: RunReport, finding: FindingReport | None) -> dict[str, object]:
    return {
        "seed": report.evidence.seed,
        "plan": report.evidence.plan,
        "reference_rows": report.evidence.reference_rows,
        "parameters": dict(finding.parameters) if finding else {},
    }
