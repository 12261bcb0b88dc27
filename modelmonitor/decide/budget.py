"""The level of each test, so that a monitor keeps to the number of false alarms that its owner accepts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

LARGEST_LEVEL: Final = 0.05
"""A generous budget does not make tests looser than the usual 5 %."""


class NoTests(ValueError):
    """A budget cannot be shared among no tests."""


def runs_per_period(intervals: Sequence[timedelta], *, per: timedelta) -> int:
    """How many tests fall into any period of length `per`, at most.

    Args:
        intervals: for each test (a check, or each segment of a check) the time between two runs.
        per: length of the period; a test that runs less often than that counts once.

    Raises:
        ValueError: an interval or the period is not positive.
    """
    if per <= timedelta(0) or any(interval <= timedelta(0) for interval in intervals):
        msg = "intervals between runs and the period of a false-alarm budget must be longer than 0"
        raise ValueError(msg)
    return sum(-(-per // interval) for interval in intervals)


def level_per_test(*, max_false_alarms: float, per: timedelta, intervals: Sequence[timedelta]) -> float:
    """Significance level at which at most `max_false_alarms` are expected in `per` while nothing drifts.

    The union bound: expected false alarms are at most the number of tests times their level, however the
    tests depend on each other (they share one reference, so they do). At most 0.05.

    Args:
        max_false_alarms: `spec.falseAlarms.max`, greater than 0.
        per: `spec.falseAlarms.per`.
        intervals: for each test of the monitor the time between two runs.

    Raises:
        NoTests: there is no test.
        ValueError: a number or a time is not positive.
    """
    if not intervals:
        msg = "the monitor has no checks to share the false-alarm budget: add one under spec.checks"
        raise NoTests(msg)
    if not max_false_alarms > 0:
        msg = f"a false-alarm budget must be greater than 0, got {max_false_alarms}"
        raise ValueError(msg)
    return min(LARGEST_LEVEL, max_false_alarms / runs_per_period(intervals, per=per))
