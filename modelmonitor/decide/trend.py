"""Does confidence really decline? A trend test on daily means, not a look at a few falling values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

DoubleArray = npt.NDArray[np.float64]

FEWEST_PREDICTIONS: Final = 50
"""Days with fewer predictions have a mean that says nothing."""
FEWEST_DAYS: Final = 4
_DAY: Final = timedelta(days=1)
# An hour that begins exactly a day before the end belongs to the last day.
_ANY: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Hour:
    """Sums of the predictions of one hour.

    Attributes:
        start: beginning of the hour, UTC.
        predictions: how many, at least 1.
        confidence_sum: sum of their confidences.
        low_confidence: those below the bound of low confidence.
        classes: predictions by class.
        with_confidence: predictions of which the confidence is known; None for all.
    """

    start: datetime
    predictions: int
    confidence_sum: float
    low_confidence: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    with_confidence: int | None = None

    @property
    def confident(self) -> int:
        """Predictions of which the confidence is known."""
        return self.predictions if self.with_confidence is None else self.with_confidence


@dataclass(frozen=True, slots=True)
class Trend:
    """The trend of mean confidence over days.

    Attributes:
        days: 24-hour blocks with predictions, counted back from the end.
        span: from the first to the last of them.
        p_value: of a decline at least this steady if the days were in random order; one-sided.
        per_day: Theil-Sen slope, change of mean confidence a day.
        drop: fall over the whole span by that slope, positive when it fell.
    """

    days: int
    span: timedelta
    p_value: float
    per_day: float
    drop: float


def trend(hours: Sequence[Hour], *, end: datetime) -> Trend | None:
    """Test mean confidence for a decline over days; None with fewer than four days of predictions.

    Hours are summed to blocks of 24 that end at `end`, so that night and day weigh the same in each, and
    because hours resemble their neighbours so much that a test on them alarms too often. Then Mann and
    Kendall's exact rank test (Kendall 1938) and Theil and Sen's slope (Sen, JASA 63, 1968). Four days in
    strictly falling order have a p-value of 1/24, five of 1/120.

    Args:
        hours: in any order.
        end: the present.
    """
    from scipy.stats import kendalltau, theilslopes

    ages, values = _days(hours, end=end)
    if len(ages) < FEWEST_DAYS:
        return None
    slope = float(theilslopes(values, -ages).slope)
    span = float(ages.max() - ages.min())
    return Trend(
        days=len(ages),
        span=span * _DAY,
        p_value=min(1.0, float(np.nan_to_num(kendalltau(-ages, values, alternative="less").pvalue, nan=1.0))),
        per_day=slope,
        drop=-slope * span,
    )


def since(hours: Sequence[Hour], start: datetime) -> tuple[Hour, ...]:
    """The hours from a moment on."""
    return tuple(hour for hour in hours if hour.start >= start)


def _days(hours: Sequence[Hour], *, end: datetime) -> tuple[DoubleArray, DoubleArray]:
    """Age in days and mean confidence of every block of 24 hours with enough predictions, oldest first."""
    counts: dict[int, int] = {}
    sums: dict[int, float] = {}
    for hour in hours:
        age = int((end - hour.start - _ANY) // _DAY)
        counts[age] = counts.get(age, 0) + hour.confident
        sums[age] = sums.get(age, 0.0) + hour.confidence_sum
    ages = sorted((age for age, count in counts.items() if count >= FEWEST_PREDICTIONS), reverse=True)
    return np.array(ages, dtype=np.float64), np.array([sums[age] / counts[age] for age in ages])
