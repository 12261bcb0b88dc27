"""The parts of a window that a run looks at, so that a fresh change is not diluted by the hours before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

MOST_SCALES: Final = 4


def scales(lookback: timedelta, *, interval: timedelta) -> tuple[timedelta, ...]:
    """The whole window, then its newest half, quarter and eighth, none shorter than the time between runs.

    Runs as far apart as their window is long look at disjoint windows, so one part is enough. Runs more
    frequent than that look at overlapping windows in which a change fills up slowly; the shorter parts see
    it at its full size. Every part is a test that the budget counts.

    Args:
        lookback: length of the window, positive.
        interval: time between two scheduled runs, positive.
    """
    parts = [lookback]
    while len(parts) < MOST_SCALES and parts[-1] / 2 >= interval:
        parts.append(parts[-1] / 2)
    return tuple(parts)
