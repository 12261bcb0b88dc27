"""How long a cron schedule lets one wait for its next run."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Final

from croniter import croniter

# A fixed start, so that the rules of a monitor do not change from day to day. It is a Friday: a schedule of
# every minute of working days then shows its weekend within the firings that are looked at.
_START: Final = datetime(2024, 1, 5)  # noqa: DTZ001 - cron counts wall-clock time; no instant is meant
_ENOUGH_FIRINGS: Final = 2000
_LONG_ENOUGH: Final = timedelta(days=800)


@cache
def longest_gap(schedule: str) -> timedelta:
    """The longest time between two runs of a schedule: three days for a daily one that rests on weekends.

    Args:
        schedule: five cron fields, or @hourly, @daily, @weekly, @monthly.

    Raises:
        ValueError: the schedule is not one, or never fires twice.
    """
    fires = croniter(schedule, _START)
    moments: list[datetime] = [fires.get_next(datetime), fires.get_next(datetime)]
    while len(moments) < _ENOUGH_FIRINGS and moments[-1] - _START < _LONG_ENOUGH:
        moments.append(fires.get_next(datetime))
    return max(later - earlier for earlier, later in pairwise(moments))
