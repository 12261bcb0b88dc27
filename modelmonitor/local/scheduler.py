"""Which checks are due: the cron schedules of a ModelMonitor read as a pure function of time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from croniter import croniter

if TYPE_CHECKING:
    from modelmonitor.api.checks import Check


@dataclass(frozen=True, slots=True)
class NextRun:
    """When a check runs next, in UTC."""

    check: str
    at: datetime


def previous_tick(check: Check, *, now: datetime) -> datetime:
    """The last time at or before `now` (UTC) that the check's schedule names."""
    local = now.astimezone(ZoneInfo(check.time_zone))
    # croniter's get_prev is exclusive; one microsecond later makes a tick at exactly `now` count.
    start = local.replace(microsecond=min(local.microsecond + 1, 999_999))
    tick: datetime = croniter(check.schedule, start).get_prev(datetime)
    return tick.astimezone(UTC)


def due(
    checks: Sequence[Check], *, last_run: Mapping[str, datetime], since: datetime, now: datetime
) -> tuple[str, ...]:
    """Names of the checks with a tick after their last run (or after `since` when they never ran), in order.

    Ticks missed while nothing ran are made up for by one run, not by one for each.
    """
    return tuple(
        check.name for check in checks if last_run.get(check.name, since) < previous_tick(check, now=now)
    )


def next_runs(checks: Sequence[Check], *, now: datetime) -> tuple[NextRun, ...]:
    """The next tick of each check, soonest first."""
    runs = []
    for check in checks:
        tick: datetime = croniter(check.schedule, now.astimezone(ZoneInfo(check.time_zone))).get_next(
            datetime
        )
        runs.append(NextRun(check=check.name, at=tick.astimezone(UTC)))
    return tuple(sorted(runs, key=lambda run: (run.at, run.check)))
