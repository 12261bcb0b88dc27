"""Episodes: many runs that see the same drift are one event, which pages once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from modelmonitor.decide.fingerprint import Fingerprint, alike

Severity = Literal["warning", "critical"]
Change = Literal["opened", "reopened", "worsened", "continued", "quieter", "closed", "none"]
PAGES: frozenset[Change] = frozenset({"opened", "worsened"})


@dataclass(frozen=True, slots=True)
class Rules:
    """When an episode ends and when drift is the same again.

    Attributes:
        exit_runs: quiet runs in a row that end it.
        cooldown: the same drift back within this span after the end continues the episode.
        new_share: share of a window that must be newer than what was counted before, for a run to count as
            another quiet one; overlapping windows are the same evidence twice.
    """

    exit_runs: int = 2
    cooldown: timedelta = timedelta(days=3)
    new_share: float = 0.5


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one run of a check saw.

    Attributes:
        run_id: of the run; the same run is never counted twice.
        at: when, UTC.
        window_start: first moment of its window.
        window_end: first moment after it.
        severity: of the drift, None if the verdict was not Drift.
        quiet: whether it found no drift, nor more than half of one that is more than chance.
        may_page: whether its p-value meets the level that this look may spend.
        effect: how large, as a multiple of the warning threshold.
        fingerprint: direction of the difference.
    """

    run_id: str
    at: datetime
    window_start: datetime
    window_end: datetime
    severity: Severity | None
    quiet: bool
    may_page: bool
    effect: float
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Episode:
    """One spell of drift of one check.

    Attributes:
        started_at: when a run first saw it; the identity, with the check.
        ended_at: when the last needed quiet run was; None while open.
        severity: the worst so far.
        runs: runs that saw drift.
        quiet_runs: quiet runs in a row since.
        counted_until: end of the last window that counted.
        last_run_id: the run that changed it last.
        peak_effect: largest effect so far, as a multiple of the warning threshold.
        fingerprint: direction at its peak.
        same_as: start of the first earlier episode in the same direction; None if this drift was new.
        number: how many episodes of the same drift, this one included.
        pages: times that it was worth a page.
    """

    started_at: datetime
    ended_at: datetime | None
    severity: Severity
    runs: int
    quiet_runs: int
    counted_until: datetime
    last_run_id: str
    peak_effect: float
    fingerprint: Fingerprint
    same_as: datetime | None
    number: int
    pages: int


@dataclass(frozen=True, slots=True)
class Step:
    """The latest episode after a sighting, and what changed; None where there never was one."""

    episode: Episode | None
    change: Change

    @property
    def pages(self) -> bool:
        """Whether this is the moment to call a person."""
        return self.change in PAGES


def follow(history: Sequence[Episode], sighting: Sighting, *, rules: Rules) -> Step:
    """The latest episode of a check after one more run.

    Args:
        history: earlier episodes of the check, the oldest first; only the last may be open.
        sighting: what the run saw; a run that was counted already changes nothing.
        rules: of the check.
    """
    latest = history[-1] if history else None
    if latest is not None and _counted(latest, sighting):
        return Step(latest, "none")
    if latest is not None and latest.ended_at is None:
        return _while_open(latest, sighting, rules=rules)
    if sighting.severity is None or not sighting.may_page:
        return Step(latest, "none")
    if latest is not None and _returns(latest, sighting, rules=rules):
        return _reopened(latest, sighting)
    return Step(_opened(history, sighting), "opened")


def _counted(latest: Episode, sighting: Sighting) -> bool:
    # A run of an earlier moment, made again late, must not undo what later runs found.
    return latest.last_run_id == sighting.run_id or sighting.window_end < latest.counted_until


def _while_open(episode: Episode, sighting: Sighting, *, rules: Rules) -> Step:
    if sighting.severity is not None:
        return _seen_again(episode, sighting)
    if not sighting.quiet or not _mostly_new(episode, sighting, rules=rules):
        return Step(episode, "none")
    quieter = replace(
        episode,
        quiet_runs=episode.quiet_runs + 1,
        counted_until=sighting.window_end,
        last_run_id=sighting.run_id,
    )
    if quieter.quiet_runs < rules.exit_runs:
        return Step(quieter, "quieter")
    return Step(replace(quieter, ended_at=sighting.at), "closed")


def _seen_again(episode: Episode, sighting: Sighting) -> Step:
    worse = sighting.severity == "critical" and episode.severity == "warning" and sighting.may_page
    stronger = sighting.effect > episode.peak_effect
    return Step(
        replace(
            episode,
            severity="critical" if worse else episode.severity,
            runs=episode.runs + 1,
            quiet_runs=0,
            counted_until=sighting.window_end,
            last_run_id=sighting.run_id,
            peak_effect=max(sighting.effect, episode.peak_effect),
            fingerprint=sighting.fingerprint if stronger else episode.fingerprint,
            pages=episode.pages + worse,
        ),
        "worsened" if worse else "continued",
    )


def _mostly_new(episode: Episode, sighting: Sighting, *, rules: Rules) -> bool:
    length = sighting.window_end - sighting.window_start
    fresh = sighting.window_end - max(episode.counted_until, sighting.window_start)
    return fresh >= rules.new_share * length


def _returns(latest: Episode, sighting: Sighting, *, rules: Rules) -> bool:
    ended = latest.ended_at or sighting.at
    return sighting.at - ended <= rules.cooldown and alike(latest.fingerprint, sighting.fingerprint)


def _reopened(latest: Episode, sighting: Sighting) -> Step:
    step = _seen_again(replace(latest, ended_at=None), sighting)
    return step if step.pages else Step(step.episode, "reopened")


def _opened(history: Sequence[Episode], sighting: Sighting) -> Episode:
    before = _latest_where(history, lambda episode: alike(episode.fingerprint, sighting.fingerprint))
    return Episode(
        started_at=sighting.at,
        ended_at=None,
        severity=sighting.severity or "warning",
        runs=1,
        quiet_runs=0,
        counted_until=sighting.window_end,
        last_run_id=sighting.run_id,
        peak_effect=sighting.effect,
        fingerprint=sighting.fingerprint,
        same_as=(before.same_as or before.started_at) if before else None,
        number=before.number + 1 if before else 1,
        pages=1,
    )


def _latest_where(history: Sequence[Episode], holds: Callable[[Episode], bool]) -> Episode | None:
    return next((episode for episode in reversed(history) if holds(episode)), None)
