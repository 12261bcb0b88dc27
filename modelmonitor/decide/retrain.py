"""When to train again: the five triggers of the guide, each with its evidence and a guard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from modelmonitor.api.retrain import Trigger
from modelmonitor.decide.episodes import Episode
from modelmonitor.decide.trend import Hour, since, trend

MONTH: Final = timedelta(days=30)
_Z: Final = 1.645


@dataclass(frozen=True, slots=True)
class Limits:
    """What makes a trigger fire.

    Attributes:
        least_drop: fall of mean confidence over the days looked at, 0 to 1.
        trend_level: largest p-value of the decline.
        trend_span: how far back confidence is looked at.
        same_drift: episodes of the same drift in 30 days.
        any_drift: episodes of any drift in 30 days.
        lasting: an episode that is open for longer counts as repeated.
        low_share: the guide's 30 % of predictions with low confidence.
        novel_share: share of inputs unlike the reference.
    """

    least_drop: float = 0.02
    trend_level: float = 0.05
    trend_span: timedelta = timedelta(days=7)
    same_drift: int = 2
    any_drift: int = 3
    lasting: timedelta = timedelta(days=3)
    low_share: float = 0.3
    novel_share: float = 0.1


@dataclass(frozen=True, slots=True)
class Signs:
    """What a run knows that may speak for a new training.

    Attributes:
        hours: hourly sums of the last days.
        episodes: of every check of the monitor, by name of the check.
        low_confidence: low-confidence predictions and all predictions of the window.
        novel: lower estimate of the share of inputs unlike the reference, and its standard error.
        patterns: new groups of alike inputs that stay, each as a person names it.
        business_change: what a person declared, empty without.
    """

    hours: Sequence[Hour] = ()
    episodes: Mapping[str, Sequence[Episode]] = field(default_factory=dict)
    low_confidence: tuple[int, int] | None = None
    novel: tuple[float, float] | None = None
    patterns: Sequence[str] = ()
    business_change: str = ""


@dataclass(frozen=True, slots=True)
class Firing:
    """Whether one trigger holds in one run.

    Attributes:
        trigger: which.
        fires: whether it holds.
        message: the evidence in a sentence, also where it does not hold.
        values: the numbers behind it.
    """

    trigger: Trigger
    fires: bool
    message: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PastFiring:
    """A trigger in an earlier run: when, and whether it held."""

    trigger: Trigger
    at: datetime
    fires: bool


@dataclass(frozen=True, slots=True)
class RetrainReason:
    """A trigger that holds now.

    Attributes:
        established: whether it held in enough runs in a row.
        runs: runs in a row, far enough apart to be evidence of their own.
        since: the first of them.
    """

    trigger: Trigger
    established: bool
    runs: int
    since: datetime
    message: str


@dataclass(frozen=True, slots=True)
class RetrainRecommendation:
    """The reasons for a new training, the established ones first."""

    reasons: tuple[RetrainReason, ...] = ()

    @property
    def recommended(self) -> bool:
        """Whether any reason has the evidence that was asked for."""
        return any(reason.established for reason in self.reasons)


def firings(signs: Signs, *, now: datetime, limits: Limits) -> tuple[Firing, ...]:
    """Each of the five triggers, judged on what one run knows.

    Args:
        signs: the evidence; a trigger without evidence does not fire.
        now: the present, UTC.
        limits: what counts.
    """
    return (
        _declining(signs.hours, now=now, limits=limits),
        _repeated(signs.episodes, now=now, limits=limits),
        _low(signs.low_confidence, limits=limits),
        _novel(signs.novel, signs.patterns, limits=limits),
        Firing("requested", bool(signs.business_change), _declared(signs.business_change)),
    )


def recommend(
    found: Sequence[Firing],
    history: Sequence[PastFiring],
    *,
    now: datetime,
    min_evidence: int,
    apart: timedelta,
) -> RetrainRecommendation:
    """The triggers that hold, with how long they have.

    Args:
        found: of this run.
        history: of earlier runs of the same check, in any order.
        now: the present, UTC.
        min_evidence: runs in a row that establish a trigger; a person's word needs no repetition.
        apart: runs closer together than this count as one, because they saw the same predictions.
    """
    reasons = [
        _reason(firing, history, now=now, min_evidence=min_evidence, apart=apart)
        for firing in found
        if firing.fires
    ]
    return RetrainRecommendation(tuple(sorted(reasons, key=lambda reason: not reason.established)))


def _reason(
    firing: Firing, history: Sequence[PastFiring], *, now: datetime, min_evidence: int, apart: timedelta
) -> RetrainReason:
    runs, first, counted = 1, now, now
    past = (one for one in history if one.trigger == firing.trigger and one.at < now)
    for one in sorted(past, key=lambda one: one.at, reverse=True):
        if not one.fires:
            break
        first = one.at
        if counted - one.at >= apart:
            runs, counted = runs + 1, one.at
    established = firing.trigger == "requested" or runs >= min_evidence
    return RetrainReason(firing.trigger, established, runs, first, firing.message)


def _declining(hours: Sequence[Hour], *, now: datetime, limits: Limits) -> Firing:
    found = trend(since(hours, now - limits.trend_span), end=now)
    if found is None:
        return Firing(
            "confidence-declining", fires=False, message="Confidence is known of fewer than four days."
        )
    values = {"p_value": found.p_value, "drop": found.drop, "days": float(found.days)}
    fires = found.p_value <= limits.trend_level and found.drop >= limits.least_drop
    told = (
        f"Mean confidence fell by {100 * found.drop:.1f} points over {found.days} days "
        f"(p = {found.p_value:.2g}, Mann-Kendall)."
    )
    return Firing("confidence-declining", fires, told if fires else "Confidence does not decline.", values)


def _repeated(episodes: Mapping[str, Sequence[Episode]], *, now: datetime, limits: Limits) -> Firing:
    recent = [
        (check, episode)
        for check, known in episodes.items()
        for episode in known
        if (episode.ended_at or now) > now - MONTH
    ]
    again = [item for item in recent if item[1].number >= limits.same_drift]
    lasting = [
        item for item in recent if item[1].ended_at is None and now - item[1].started_at > limits.lasting
    ]
    values = {"episodes": float(len(recent)), "same": float(len(again)), "lasting": float(len(lasting))}
    fires = bool(again or lasting) or len(recent) >= limits.any_drift
    return Firing("repeated-drift", fires, _of_episodes(recent, again, lasting, now=now), values)


def _of_episodes(
    recent: Sequence[tuple[str, Episode]],
    again: Sequence[tuple[str, Episode]],
    lasting: Sequence[tuple[str, Episode]],
    *,
    now: datetime,
) -> str:
    if again:
        check, episode = max(again, key=lambda item: item[1].number)
        return f"The same drift of check {check} came {episode.number} times."
    if lasting:
        check, episode = min(lasting, key=lambda item: item[1].started_at)
        return f"Check {check} has seen drift for {(now - episode.started_at).days} days without a break."
    return f"{len(recent)} episodes of drift in 30 days."


def _low(counts: tuple[int, int] | None, *, limits: Limits) -> Firing:
    if counts is None or not counts[1]:
        return Firing("low-confidence", fires=False, message="The share of low confidence is not known.")
    share = counts[0] / counts[1]
    # One-sided: the share must be above the border for certain, not by the luck of few predictions.
    surely = share - _Z * math.sqrt(share * (1 - share) / counts[1])
    message = (
        f"{share:.1%} of {counts[1]:,} predictions have low confidence, the border is {limits.low_share:.0%}."
    )
    return Firing("low-confidence", surely > limits.low_share, message, {"share": share, "low": surely})


def _novel(found: tuple[float, float] | None, patterns: Sequence[str], *, limits: Limits) -> Firing:
    values = {"patterns": float(len(patterns))}
    stay = f"New patterns stay: {'; '.join(patterns)}." if patterns else ""
    if found is None:
        message = stay or "The share of new inputs is not known."
        return Firing("new-patterns", bool(patterns), message, values)
    surely = found[0] - _Z * found[1]
    message = f"At least {max(surely, 0.0):.1%} of the inputs are unlike the reference."
    return Firing(
        "new-patterns",
        bool(patterns) or surely >= limits.novel_share,
        f"{message} {stay}".strip(),
        {**values, "share": found[0], "low": surely},
    )


def _declared(business_change: str) -> str:
    return f"Declared: {business_change}" if business_change else "Nothing was declared."
