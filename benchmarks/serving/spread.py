"""Repeated measurements in a few numbers: pure arithmetic."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and range of a few repeats; a wide range says that the machine was noisy."""

    median: float
    low: float
    high: float
    repeats: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """The spread of at least one value."""
        return cls(statistics.median(values), min(values), max(values), len(values))

    def text(self, digits: int = 2, unit: str = "") -> str:
        """`0.93 [0.91 to 0.95] unit`."""
        middle, low, high = (f"{value:,.{digits}f}" for value in (self.median, self.low, self.high))
        return f"{middle} [{low} to {high}]{unit}"


def paired_ratios(values: Sequence[float], base: Sequence[float]) -> Spread:
    """The spread of value over base, repeat by repeat: what both saw of the machine's mood cancels."""
    return Spread.of([value / other for value, other in zip(values, base, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` (0 to 1) of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
