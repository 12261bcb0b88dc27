"""New patterns of a run placed among those that earlier runs saw, and as rows for later ones."""

from __future__ import annotations

from collections.abc import Sequence

from modelmonitor.decide.patterns import Seen, course
from modelmonitor.job.direction import fingerprint_value
from modelmonitor.job.plan import RunPlan
from modelmonitor.report.check import WindowReport
from modelmonitor.report.model import RunReport
from modelmonitor.report.novel import NoveltyReport, PatternReport
from modelmonitor.store.patterns import PatternRow


def placed(report: RunReport, past: Sequence[Seen]) -> NoveltyReport | None:
    """The run's new patterns with since when, how often and how much more often they were seen."""
    if report.novelty is None:
        return None
    window = _window(report, report.novelty)
    patterns = tuple(_placed(each, window, past) for each in report.novelty.patterns)
    return report.novelty.model_copy(update={"patterns": patterns})


def _placed(pattern: PatternReport, window: WindowReport, past: Sequence[Seen]) -> PatternReport:
    here = fingerprint_value(pattern.fingerprint)
    found = course(Seen(here, pattern.share, window.start, window.end), past)
    return pattern.model_copy(
        update={
            "first_seen": found.first_seen,
            "windows": found.windows,
            "growth": found.growth,
            "established": found.established,
        }
    )


def pattern_rows(report: RunReport, *, plan: RunPlan) -> tuple[PatternRow, ...]:
    """The rows of `new_patterns` of a run."""
    novelty = report.novelty
    if novelty is None:
        return ()
    window = _window(report, novelty)
    return tuple(
        PatternRow(
            run_id=report.run_id,
            **plan.whose,
            check_name=novelty.check,
            fingerprint=fingerprint_value(pattern.fingerprint).to_json(),
            name=pattern.name,
            share=pattern.share,
            size=pattern.rows,
            window_start=window.start,
            window_end=window.end,
            first_seen=pattern.first_seen or window.start,
            windows=pattern.windows,
            created_at=report.finished_at,
        )
        for pattern in novelty.patterns
    )


def _window(report: RunReport, novelty: NoveltyReport) -> WindowReport:
    return next((check.window for check in report.checks if check.name == novelty.check), report.window)
