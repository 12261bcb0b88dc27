"""What an upkeep of the prediction log has to do, as values: from when to sum up, and which days go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

# Rows may come late by as much as a spool outlives a database that is down.
_LATE: Final = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Seen:
    """What the database says before the upkeep.

    Attributes:
        longest_days: the longest retention of any monitor, days; None if there is no policy.
        model_days: the longest of the monitors of this model, days.
        rolled_up_until: the newest hour that was summed up; None if none was.
        oldest: the oldest prediction of any model.
        oldest_of_model: the oldest prediction of this model.
    """

    longest_days: int | None
    model_days: int | None
    rolled_up_until: datetime | None
    oldest: datetime | None = None
    oldest_of_model: datetime | None = None


@dataclass(frozen=True, slots=True)
class UpkeepPlan:
    """What to do.

    Attributes:
        roll_up_from: first moment to sum up again.
        longest_days: partitions whose rows are all older than so many days go.
        own_days: days of which only this model's rows go.
    """

    roll_up_from: datetime
    longest_days: int
    own_days: tuple[date, ...]


def plan_upkeep(seen: Seen, *, keep_days: int, now: datetime) -> UpkeepPlan:
    """The plan of one upkeep.

    Args:
        seen: what is there.
        keep_days: this monitor's own retention, days.
        now: UTC.
    """
    longest = max(seen.longest_days or 0, keep_days)
    of_model = max(seen.model_days or 0, keep_days)
    days = tuple(_expired(seen.oldest_of_model, of_model, now=now)) if of_model < longest else ()
    return UpkeepPlan(_roll_up_from(seen, now=now), longest, days)


def _roll_up_from(seen: Seen, *, now: datetime) -> datetime:
    # Hours that no upkeep has counted yet, however long ago, before their rows go.
    begin = seen.rolled_up_until or seen.oldest or now
    return min(begin, now - _LATE)


def _expired(oldest: datetime | None, keep_days: int, *, now: datetime) -> Iterator[date]:
    if oldest is None:
        return
    first_kept = (now - timedelta(days=keep_days)).astimezone(UTC).date()
    day = oldest.astimezone(UTC).date()
    while day < first_kept:
        yield day
        day += timedelta(days=1)
