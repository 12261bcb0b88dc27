"""Intervals of a proportion that stay valid however often, and whenever, they are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

_PRIOR: Final = 0.5


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure, for shares 0 to 1.

    Attributes:
        value: measured.
        low: lower end of its interval.
        high: upper end of its interval.
    """

    value: float
    low: float
    high: float


def proportion(successes: int, n: int, *, confidence: float = 0.95) -> Figure:
    """A proportion with a confidence sequence; value 0 and interval 0 to 1 for n = 0.

    Labels trickle in and every run looks again. A usual interval covers the truth 95 times of 100 at one
    look, and fails sooner or later over many; this one covers it at all looks together. It holds every p
    whose betting wealth against it is below 1/alpha, with the bets mixed by a Beta(1/2, 1/2) distribution
    (Robbins, Statistical methods related to the law of the iterated logarithm, Ann. Math. Stat. 41, 1970;
    Waudby-Smith & Ramdas, Estimating means of bounded random variables by betting, JRSS B 86, 2024).

    Args:
        successes: 0 to n.
        n: trials.
        confidence: 0 to 1, at all looks together.
    """
    if n == 0:
        return Figure(0.0, 0.0, 1.0)
    share = successes / n
    low = 0.0 if successes == 0 else _border(successes, n, confidence=confidence, inside=share, outside=0.0)
    high = 1.0 if successes == n else _border(successes, n, confidence=confidence, inside=share, outside=1.0)
    return Figure(share, low, high)


def _border(successes: int, n: int, *, confidence: float, inside: float, outside: float) -> float:
    from scipy.optimize import brentq

    nearest = 1e-12 if outside == 0.0 else 1.0 - 1e-12
    middle = min(max(inside, 1e-9), 1.0 - 1e-9)
    limit = float(-np.log1p(-confidence))

    def over(p: float) -> float:
        return float(_log_wealth(p, successes, n) - limit)

    return outside if over(nearest) <= 0 else float(brentq(over, nearest, middle))


def _log_wealth(p: float, successes: int, n: int) -> float:
    """Of the mixed bets against p: log of a ratio of Beta functions over the likelihood of p."""
    from scipy.special import betaln

    mixed = betaln(_PRIOR + successes, _PRIOR + n - successes) - betaln(_PRIOR, _PRIOR)
    return float(mixed - successes * np.log(p) - (n - successes) * np.log1p(-p))
