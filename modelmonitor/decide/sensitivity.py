"""How small a difference a test would have found: what "no drift" is worth."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Final

from modelmonitor.detect.finding import Finding

POWER: Final = 0.8
_NORMAL: Final = NormalDist()


def minimum_detectable_effect(finding: Finding, *, level: float) -> float | None:
    """The effect that a test with these rows finds with probability 0.8; None where it cannot be told.

    From the effect on the border of significance c: the estimate scatters around the true effect with a
    standard error of about c/z(level), so an effect of c (z(level) + z(0.8)) / z(level) is found four times
    of five. For the two-sample Kolmogorov-Smirnov distance c follows from the rows (Smirnov 1948) where the
    detector does not give it. Normal approximation; it is stated, never decided upon.

    Args:
        finding: of the test.
        level: at which it was judged, in (0, 0.5).
    """
    border = finding.significant_effect
    if border is None and finding.detector == "ks":
        border = ks_border(finding.n_reference, finding.n_window, level=level)
    if border is None or not 0.0 < level < 0.5:
        return None
    certain = -_NORMAL.inv_cdf(level)
    return border * (certain + _NORMAL.inv_cdf(POWER)) / certain


def ks_border(n_reference: int, n_window: int, *, level: float) -> float | None:
    """The Kolmogorov-Smirnov distance from which on two samples differ significantly; None without rows."""
    if n_reference < 1 or n_window < 1:
        return None
    rows = n_reference * n_window / (n_reference + n_window)
    return min(1.0, math.sqrt(-math.log(level / 2.0) / (2.0 * rows)))
