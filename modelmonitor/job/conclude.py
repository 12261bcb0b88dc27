"""From the findings of a run and the memory of earlier ones to episodes and reasons to train again; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from modelmonitor.decide.budget import level_of_extra_look
from modelmonitor.decide.episodes import Episode, Sighting, Step, follow
from modelmonitor.decide.retrain import Firing, Limits, RetrainReason, Signs, firings, recommend
from modelmonitor.decide.trend import Hour
from modelmonitor.job.direction import fingerprint_value
from modelmonitor.job.memory import Memory
from modelmonitor.job.patterns import placed
from modelmonitor.job.plan import PlannedCheck, RunPlan
from modelmonitor.job.schedule import slot_start
from modelmonitor.report.check import CheckReport, FindingReport
from modelmonitor.report.episode import EpisodeReport
from modelmonitor.report.model import RetrainReport, RunReport
from modelmonitor.report.novel import NoveltyReport
from modelmonitor.store.rollups import HourRow

_CHANCE = 0.05
_FADED = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """One trigger as one check found it; the reason is None where it does not hold."""

    check: str
    firing: Firing
    reason: RetrainReason | None


@dataclass(frozen=True, slots=True)
class Conclusion:
    """A run in the light of earlier ones.

    Attributes:
        report: with looks, episodes and reasons to train again.
        steps: what happened to the latest episode of each check.
        triggers: every trigger that a check of the run judges.
    """

    report: RunReport
    steps: Mapping[str, Step]
    triggers: tuple[Judged, ...]


def conclude(
    report: RunReport, *, plan: RunPlan, memory: Memory, hours: Sequence[HourRow] = ()
) -> Conclusion:
    """Place the findings of a run among the earlier ones.

    Args:
        report: of the run, without episodes.
        plan: of the run.
        memory: what earlier runs decided; a run that is in it already changes nothing.
        hours: hourly sums of the last days.
    """
    checks = _with_looks(report, plan=plan, memory=memory)
    steps = {
        check.name: follow(
            memory.episodes.get(check.name, ()), _sighting(check, planned, report), rules=planned.episodes
        )
        for check, planned in zip(checks, plan.checks, strict=True)
    }
    episodes = {**memory.episodes, **{name: _after(memory, name, step) for name, step in steps.items()}}
    novelty = placed(report, memory.patterns)
    signs = _signs(report, plan=plan, episodes=episodes, hours=hours, novelty=novelty)
    triggers = tuple(
        judged
        for check in plan.checks
        for judged in _triggers(check, signs, report=report, plan=plan, memory=memory)
    )
    seen = tuple(check.model_copy(update={"episode": _reported(steps[check.name])}) for check in checks)
    finished = report.model_copy(
        update={
            "checks": seen,
            "drifting_since": _drifting_since(seen, report),
            "retrain": _reasons(triggers),
            "novelty": novelty,
        }
    )
    return Conclusion(finished, steps, triggers)


def _with_looks(report: RunReport, *, plan: RunPlan, memory: Memory) -> tuple[CheckReport, ...]:
    """The checks with what this look may spend of the budget."""
    extra = memory.looks.extra
    seen = []
    for check, planned in zip(report.checks, plan.checks, strict=True):
        beyond = _is_extra(planned, report=report, memory=memory)
        extra += beyond
        level = _extra_level(extra, planned, plan=plan) if beyond else planned.tests[0].level
        look = "extra" if beyond else "scheduled"
        seen.append(check.model_copy(update={"look": look, "paging_level": level}))
    return tuple(seen)


def _is_extra(check: PlannedCheck, *, report: RunReport, memory: Memory) -> bool:
    last = memory.looks.latest.get(check.name)
    slot = slot_start(check.schedule, time_zone=check.time_zone, now=report.finished_at)
    return last is not None and last >= slot


def _extra_level(number: int, check: PlannedCheck, *, plan: RunPlan) -> float:
    reserve = level_of_extra_look(
        number, max_false_alarms=plan.budget_max, tests=len(check.tests) * check.parts
    )
    return min(check.tests[0].level, reserve)


def _sighting(check: CheckReport, planned: PlannedCheck, report: RunReport) -> Sighting:
    share = (check.paging_level or 0.0) / planned.tests[0].level
    return Sighting(
        run_id=report.run_id,
        at=report.finished_at,
        window_start=check.window.start,
        window_end=check.window.end,
        severity=check.verdict.severity,
        quiet=check.verdict.outcome == "NoDrift" and all(map(_is_quiet, _conclusive(check))),
        may_page=any(_may_page(finding, share=share) for finding in check.deciding),
        effect=max((_multiple(finding) for finding in check.deciding), default=0.0),
        fingerprint=fingerprint_value(check.fingerprint),
    )


def _conclusive(check: CheckReport) -> tuple[FindingReport, ...]:
    segments = (segment.findings for segment in check.segments if segment.verdict.outcome != "Inconclusive")
    return (*check.findings, *(finding for findings in segments for finding in findings))


def _is_quiet(finding: FindingReport) -> bool:
    # The way out is easier to miss than the way in: what hovers at the border does not end an episode.
    return finding.p_value is None or finding.p_value > _CHANCE or _multiple(finding) <= _FADED


def _may_page(finding: FindingReport, *, share: float) -> bool:
    # An extra look may spend only a share of what a scheduled one may, on segments as on the whole.
    return finding.drifted and finding.p_value is not None and finding.p_value <= share * finding.level


def _multiple(finding: FindingReport) -> float:
    return finding.effect_size / finding.effect_warning if finding.effect_warning > 0 else 0.0


def _after(memory: Memory, check: str, step: Step) -> tuple[Episode, ...]:
    before = tuple(memory.episodes.get(check, ()))
    if step.episode is None:
        return before
    started = step.episode.started_at
    return (*(episode for episode in before if episode.started_at != started), step.episode)


def _signs(
    report: RunReport,
    *,
    plan: RunPlan,
    episodes: Mapping[str, Sequence[Episode]],
    hours: Sequence[HourRow],
    novelty: NoveltyReport | None,
) -> Signs:
    low = next((row.value for row in report.health if row.name == "Low Confidence Rate"), None)
    novel = report.estimate.novel_share if report.estimate else None
    rows = report.window.rows
    return Signs(
        hours=tuple(
            Hour(row.hour, row.predictions, row.confidence_sum, with_confidence=row.with_confidence)
            for row in hours
        ),
        episodes=episodes,
        low_confidence=None if low is None or not rows else (round(low * rows), rows),
        novel=None if novel is None or not rows else (novel, (0.25 / rows) ** 0.5),
        patterns=tuple(each.title for each in novelty.patterns if each.established) if novelty else (),
        business_change=plan.retrain.business_change,
    )


def _triggers(
    check: PlannedCheck, signs: Signs, *, report: RunReport, plan: RunPlan, memory: Memory
) -> tuple[Judged, ...]:
    wanted = {trigger for trigger in plan.retrain.judges[check.name] if trigger in plan.retrain.when}
    limits = Limits(low_share=plan.thresholds.low_confidence_share.critical)
    found = [each for each in firings(signs, now=report.finished_at, limits=limits) if each.trigger in wanted]
    recommendation = recommend(
        found,
        memory.triggers.get(check.name, ()),
        now=report.finished_at,
        min_evidence=plan.retrain.min_evidence,
        apart=check.lookback / 2,
    )
    reasons = {reason.trigger: reason for reason in recommendation.reasons}
    return tuple(Judged(check.name, firing, reasons.get(firing.trigger)) for firing in found)


def _reasons(triggers: Sequence[Judged]) -> tuple[RetrainReport, ...]:
    reasons = [
        RetrainReport(
            trigger=judged.reason.trigger,
            check=judged.check,
            established=judged.reason.established,
            runs=judged.reason.runs,
            since=judged.reason.since,
            message=judged.reason.message,
        )
        for judged in triggers
        if judged.reason is not None
    ]
    return tuple(sorted(reasons, key=lambda reason: not reason.established))


def _reported(step: Step) -> EpisodeReport | None:
    episode = step.episode
    if episode is None or (episode.ended_at is not None and step.change != "closed"):
        return None
    return EpisodeReport(
        started_at=episode.started_at,
        severity=episode.severity,
        fingerprint=str(episode.fingerprint),
        same_as=episode.same_as,
        number=episode.number,
        runs=episode.runs,
        change=step.change,
        pages=step.pages,
    )


def _drifting_since(checks: Sequence[CheckReport], report: RunReport) -> datetime | None:
    drifted = [check for check in checks if check.verdict.outcome == "Drift"]
    return min(
        (check.episode.started_at if check.episode else report.finished_at for check in drifted), default=None
    )
