"""The level of each test, so that a monitor keeps to the number of false alarms that its owner accepts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

LARGEST_LEVEL: Final = 0.05
"""A generous budget does not make tests looser than the usual 5 %."""
RESERVE: Final = 0.1
"""Share of the budget that is kept for looks beyond the schedule: runs by hand, runs made again."""
_SUM_OF_INVERSE_SQUARES: Final = math.pi**2 / 6


class NoTests(ValueError):
    """A budget cannot be shared among no tests."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much one check tests.

    Attributes:
        interval: time between two scheduled runs.
        tests: tests of one run: detectors times parts of the window, at least 1.
    """

    interval: timedelta
    tests: int


def runs_in(per: timedelta, *, interval: timedelta) -> int:
    """How many runs fall into any period of length `per`, at most; a rarer one counts once.

    Raises:
        ValueError: the interval or the period is not positive.
    """
    if per <= timedelta(0) or interval <= timedelta(0):
        msg = "intervals between runs and the period of a false-alarm budget must be longer than 0"
        raise ValueError(msg)
    return -(-per // interval)


def levels(*, max_false_alarms: float, per: timedelta, loads: Mapping[str, Load]) -> dict[str, float]:
    """Level of each test of each check, so that at most `max_false_alarms` are expected in any `per`.

    Every check gets the same share of the budget, divided by its own number of tests in the period: an
    hourly check does not starve a nightly one. The union bound makes no assumption on how tests depend on
    each other, so it holds although they share one reference, and although windows overlap. A tenth is left
    for looks beyond the schedule. No level is above 0.05.

    Args:
        max_false_alarms: `spec.falseAlarms.max`, greater than 0.
        per: `spec.falseAlarms.per`.
        loads: by name of the check, all checks of the monitor.

    Raises:
        NoTests: there is no check, or one without tests.
        ValueError: a number or a time is not positive.
    """
    if not loads or any(load.tests < 1 for load in loads.values()):
        msg = "the monitor has no checks to share the false-alarm budget: add one under spec.checks"
        raise NoTests(msg)
    if not max_false_alarms > 0:
        msg = f"a false-alarm budget must be greater than 0, got {max_false_alarms}"
        raise ValueError(msg)
    share = (1.0 - RESERVE) * max_false_alarms / len(loads)
    return {
        name: min(LARGEST_LEVEL, share / (runs_in(per, interval=load.interval) * load.tests))
        for name, load in loads.items()
    }


def level_of_extra_look(number: int, *, max_false_alarms: float, tests: int) -> float:
    """Level of each test of the n-th look beyond the schedule since the period began.

    The reserve is spent as 1/n^2, so that it is never used up and never exceeded, however many looks there
    are (alpha spending; Foster & Stine, Alpha-investing, JRSS B 70, 2008, use such a series).

    Args:
        number: 1 for the first extra look of any check in the period.
        max_false_alarms: `spec.falseAlarms.max`.
        tests: tests of the run.

    Raises:
        ValueError: the number of the look or of the tests is less than 1.
    """
    if number < 1 or tests < 1:
        msg = f"looks and tests are counted from 1, got look {number} of {tests} tests"
        raise ValueError(msg)
    return min(LARGEST_LEVEL, RESERVE * max_false_alarms / (_SUM_OF_INVERSE_SQUARES * number**2 * tests))


def segment_levels(level: float, *, parts: int, segments: int) -> tuple[float, float]:
    """Level for each part of the window as a whole, and for each of its segments.

    Half of what the test may spend goes to the whole, half is shared by the segments, so that together they
    spend what the test would spend without. The number of segments follows from who sent the rows and not
    from what the rows say, so it may be looked at first.

    Args:
        level: of one part without segments.
        parts: parts of the window that are tested as a whole; a segment is tested on all of the window.
        segments: that are tested.
    """
    return (level, level) if segments < 1 else (level / 2, level * parts / (2 * segments))
