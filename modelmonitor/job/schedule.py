"""How often a cron schedule fires, which is what the false-alarm budget is shared among."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from croniter import croniter

# A fixed start, so that the level of a monitor does not change from run to run.
_START: Final = datetime(2024, 1, 1)  # noqa: DTZ001 - cron counts wall-clock time; no instant is meant
_ENOUGH_FIRINGS: Final = 2000


def mean_interval(schedule: str, *, per: timedelta) -> timedelta:
    """The mean time between two firings of a cron schedule in a period; the period if it fires once at most.

    Args:
        schedule: five cron fields, or @hourly, @daily, @weekly, @monthly.
        per: the period looked at.
    """
    fires = croniter(schedule, _START - timedelta(seconds=1))
    count, last = 0, _START
    while count < _ENOUGH_FIRINGS:
        following: datetime = fires.get_next(datetime)
        if following >= _START + per:
            return per / max(count, 1)
        count, last = count + 1, following
    return (last - _START) / (count - 1)


def slot_start(schedule: str, *, time_zone: str, now: datetime) -> datetime:
    """When the schedule last fired, UTC; runs since then beyond the first are beyond the schedule.

    Args:
        schedule: five cron fields, or @hourly, @daily, @weekly, @monthly.
        time_zone: of the schedule, such as Europe/Berlin.
        now: the present, with time zone.
    """
    local = (now + timedelta(seconds=1)).astimezone(ZoneInfo(time_zone))
    fired: datetime = croniter(schedule, local).get_prev(datetime)
    return fired.astimezone(UTC)
