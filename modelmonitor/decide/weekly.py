"""This week against the last: the comparison of the guide's weekly review."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np

from modelmonitor.decide.trend import Hour

WEEK: Final = timedelta(days=7)
CONFIDENCE_LEVEL: Final = 0.95
_FEWEST_DAYS: Final = 2
# Numerator and denominator of a ratio, day by day.
_Sums = list[tuple[float, int]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure of both weeks.

    Attributes:
        name: "predictions", "mean confidence", "low-confidence share" or "share of <class>".
        this: of this week; None without predictions.
        last: of the week before.
        low: lower end of the 95 % interval of the difference; None where there are fewer than two days.
        high: its upper end.
    """

    name: str
    this: float | None
    last: float | None
    low: float | None = None
    high: float | None = None

    @property
    def certain(self) -> bool:
        """Whether the difference is more than the ordinary scatter of days."""
        return self.low is not None and self.high is not None and not self.low <= 0.0 <= self.high


@dataclass(frozen=True, slots=True)
class WeekComparison:
    """Both weeks next to each other.

    Attributes:
        end: end of this week, UTC; the weeks are the 14 days before it.
        rows: one a figure, in the order in which people read them.
    """

    end: datetime
    rows: tuple[Difference, ...]


def compare_weeks(hours: Sequence[Hour], *, end: datetime) -> WeekComparison:
    """Compare the seven days before `end` with the seven days before those.

    A share or mean is a ratio of sums; its standard error comes from the scatter between days (cluster
    sampling; Cochran, Sampling Techniques, section 9A), because predictions of one day resemble each other.

    Args:
        hours: sums of the last 14 days, in any order; others are passed over.
        end: end of this week.
    """
    this, last = (_days(hours, end=end - weeks * WEEK) for weeks in (0, 1))
    classes = sorted({name for hour in (*this, *last) for name in hour.classes})
    ratios: list[tuple[str, Callable[[Hour], float], Callable[[Hour], int]]] = [
        ("mean confidence", lambda day: day.confidence_sum, _confident),
        ("low-confidence share", lambda day: float(day.low_confidence), _confident),
        *((f"share of {name}", _count_of(name), _all) for name in classes),
    ]
    predictions = Difference("predictions", _predictions(this), _predictions(last))
    return WeekComparison(
        end=end,
        rows=(
            predictions,
            *(
                _difference(name, *(_sums(days, part, of) for days in (this, last)))
                for name, part, of in ratios
            ),
        ),
    )


def _all(day: Hour) -> int:
    return day.predictions


def _confident(day: Hour) -> int:
    return day.confident


def _sums(days: Sequence[Hour], part: Callable[[Hour], float], of: Callable[[Hour], int]) -> _Sums:
    """Numerator and denominator of each day that has any."""
    return [(part(day), of(day)) for day in days if of(day)]


def _count_of(name: str) -> Callable[[Hour], float]:
    return lambda day: float(day.classes.get(name, 0))


def _predictions(days: Sequence[Hour]) -> float:
    return float(sum(day.predictions for day in days))


def _days(hours: Sequence[Hour], *, end: datetime) -> tuple[Hour, ...]:
    """Sums of each day of the week before `end` that had predictions."""
    days = (
        _total([hour for hour in hours if start <= hour.start < start + timedelta(days=1)], start=start)
        for start in (end - WEEK + timedelta(days=day) for day in range(7))
    )
    return tuple(day for day in days if day.predictions)


def _total(hours: Sequence[Hour], *, start: datetime) -> Hour:
    names = {name for hour in hours for name in hour.classes}
    return Hour(
        start=start,
        predictions=sum(hour.predictions for hour in hours),
        confidence_sum=sum(hour.confidence_sum for hour in hours),
        low_confidence=sum(hour.low_confidence for hour in hours),
        classes={name: sum(hour.classes.get(name, 0) for hour in hours) for name in names},
        with_confidence=sum(hour.confident for hour in hours),
    )


def _difference(name: str, this: _Sums, last: _Sums) -> Difference:
    new, old = _ratio(this), _ratio(last)
    values = (new[0] if new else None, old[0] if old else None)
    if new is None or old is None or min(len(this), len(last)) < _FEWEST_DAYS:
        return Difference(name, *values)
    from scipy.stats import t

    freedom = len(this) + len(last) - 2
    half = float(t.ppf(0.5 + CONFIDENCE_LEVEL / 2, freedom)) * float(np.hypot(new[1], old[1]))
    return Difference(name, *values, new[0] - old[0] - half, new[0] - old[0] + half)


def _ratio(days: _Sums) -> tuple[float, float] | None:
    """Ratio of the sums, and its standard error between days (0 for one day)."""
    if not days:
        return None
    parts, sizes = np.array(days, dtype=np.float64).T
    ratio = float(parts.sum() / sizes.sum())
    scatter = float(((parts - ratio * sizes) ** 2).sum())
    m = len(days)
    return ratio, float(np.sqrt(scatter * m / max(m - 1, 1))) / float(sizes.sum())
