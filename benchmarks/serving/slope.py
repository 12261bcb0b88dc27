"""Does a series grow: the slope of a line through it, with a confidence interval that knows of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import stats

# Neighbouring samples of one process are nearly equal: fewer, averaged points are nearer to independent.
BLOCKS: Final = 40


@dataclass(frozen=True, slots=True)
class Slope:
    """Change of y for one unit of x.

    Attributes:
        value: least squares estimate.
        low: lower end of the 95 % interval.
        high: upper end.
        points: averaged points that it comes from.
    """

    value: float
    low: float
    high: float
    points: int

    @property
    def is_flat(self) -> bool:
        """True when zero lies inside of the interval."""
        return self.low <= 0.0 <= self.high


def slope_after_warm_up(x: Sequence[float], y: Sequence[float], *, warm_up: float) -> Slope:
    """The slope of y over x without the first share `warm_up` of x's range.

    Samples are averaged in blocks; the variance is widened by the residuals' lag-1 autocorrelation r as
    (1 + r) / (1 - r), which is what a first-order autoregressive error costs (Wilks, Statistical Methods in
    the Atmospheric Sciences, section 5.2.4).

    Raises:
        ValueError: fewer than 8 samples are left after the warm-up.
    """
    xs, ys = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    kept = xs >= xs.min() + warm_up * (xs.max() - xs.min())
    if kept.sum() < 8:  # a line and its error need a few points
        msg = f"a slope needs 8 samples after the warm-up, there are {kept.sum()}: run longer"
        raise ValueError(msg)
    blocks = min(BLOCKS, int(kept.sum()))
    xs = np.array([part.mean() for part in np.array_split(xs[kept], blocks)])
    ys = np.array([part.mean() for part in np.array_split(ys[kept], blocks)])
    if np.ptp(ys) == 0:  # rounding would make a slope of it, and an error of nothing
        return Slope(0.0, 0.0, 0.0, blocks)
    fit = stats.linregress(xs, ys)
    residuals = ys - (fit.intercept + fit.slope * xs)
    error = fit.stderr * np.sqrt(_inflation(residuals)) * stats.t.ppf(0.975, blocks - 2)
    return Slope(float(fit.slope), float(fit.slope - error), float(fit.slope + error), blocks)


def _inflation(residuals: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    power = float(residuals @ residuals)
    correlation = 0.0 if power == 0 else float(residuals[1:] @ residuals[:-1]) / power
    correlation = min(max(correlation, 0.0), 0.95)
    return (1 + correlation) / (1 - correlation)
