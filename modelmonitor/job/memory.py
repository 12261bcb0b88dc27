"""What earlier runs decided, as values: read and written inside the one transaction of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, cast

from modelmonitor.api.durations import parse_duration
from modelmonitor.api.retrain import Trigger
from modelmonitor.decide.episodes import Episode, Severity
from modelmonitor.decide.fingerprint import Fingerprint
from modelmonitor.decide.patterns import Seen
from modelmonitor.decide.retrain import PastFiring
from modelmonitor.store.episodes import EpisodeRow, load_episodes, lock_decisions
from modelmonitor.store.patterns import PatternRow, load_patterns
from modelmonitor.store.results import Looks, adopt_results, count_looks
from modelmonitor.store.retrain import load_triggers

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

    from modelmonitor.job.plan import RunPlan

_TRIGGERS: Final = timedelta(days=60)
_EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known from before.

    Attributes:
        episodes: by name of the check, the oldest first.
        triggers: what earlier runs of each check found, by name of the check.
        looks: how often the monitor was tested in the budget's period.
        patterns: new patterns that earlier runs saw.
    """

    episodes: Mapping[str, Sequence[Episode]] = field(default_factory=dict)
    triggers: Mapping[str, Sequence[PastFiring]] = field(default_factory=dict)
    looks: Looks = field(default_factory=Looks)
    patterns: Sequence[Seen] = ()


def recall(cursor: Cursor, plan: RunPlan, *, run_id: str, now: datetime) -> Memory:
    """Lock out other runs of the monitor until the transaction ends, then read what was decided.

    Args:
        cursor: in a transaction.
        plan: whose decisions.
        run_id: this run; what it wrote before it was killed does not count as earlier.
        now: the present of the run.
    """
    whose = plan.whose
    lock_decisions(cursor, **whose)
    adopt_results(cursor, **whose)
    episodes: dict[str, list[Episode]] = {}
    for row in load_episodes(cursor, **whose, until=now):
        episodes.setdefault(row.check_name, []).append(_episode(row))
    triggers: dict[str, list[PastFiring]] = {}
    for past in load_triggers(cursor, **whose, start=now - _TRIGGERS, end=now):
        firing = PastFiring(cast("Trigger", past.trigger), past.created_at, past.fires)
        triggers.setdefault(past.check_name, []).append(firing)
    looks = count_looks(
        cursor, **whose, run_id=run_id, period_start=period_start(now, per=plan.budget_per), until=now
    )
    patterns = load_patterns(cursor, **whose, run_id=run_id, start=now - _TRIGGERS, end=now)
    return Memory(episodes, triggers, looks, tuple(map(_seen, patterns)))


def period_start(now: datetime, *, per: str) -> datetime:
    """Beginning of the budget's period that `now` is in; periods follow each other without a gap."""
    length = parse_duration(per)
    return _EPOCH + (now - _EPOCH) // length * length


def episode_row(episode: Episode, *, check: str, plan: RunPlan) -> EpisodeRow:
    """An episode as it is stored."""
    return EpisodeRow(
        **plan.whose,
        check_name=check,
        severity=episode.severity,
        started_at=episode.started_at,
        ended_at=episode.ended_at,
        last_run_id=episode.last_run_id,
        runs=episode.runs,
        peak_effect_size=episode.peak_effect,
        fingerprint=episode.fingerprint.to_json(),
        quiet_runs=episode.quiet_runs,
        counted_until=episode.counted_until,
        same_as=episode.same_as,
        number=episode.number,
        pages=episode.pages,
    )


def _episode(row: EpisodeRow) -> Episode:
    return Episode(
        started_at=row.started_at,
        ended_at=row.ended_at,
        severity=cast("Severity", row.severity),
        runs=row.runs,
        quiet_runs=row.quiet_runs,
        counted_until=row.counted_until or row.started_at,
        last_run_id=row.last_run_id,
        peak_effect=row.peak_effect_size,
        fingerprint=Fingerprint.from_json(row.fingerprint),
        same_as=row.same_as,
        number=row.number,
        pages=row.pages,
    )


def _seen(row: PatternRow) -> Seen:
    return Seen(Fingerprint.from_json(row.fingerprint), row.share, row.window_start, row.window_end)
