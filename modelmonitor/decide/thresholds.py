"""From which effect on a difference matters: defaults by detector, measured on real text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class EffectThresholds:
    """Effect sizes, in the detector's unit, from which on a certain difference is drift.

    Attributes:
        warning: a change to know of.
        critical: a change to act on, at least `warning`.
    """

    warning: float
    critical: float

    def __post_init__(self) -> None:
        """Refuse thresholds in the wrong order.

        Raises:
            ValueError: not 0 <= warning <= critical.
        """
        if not 0 <= self.warning <= self.critical:
            msg = f"thresholds must be 0 <= warning <= critical, got {self.warning} and {self.critical}"
            raise ValueError(msg)


DEFAULT_THRESHOLDS: Final[Mapping[str, EffectThresholds]] = {
    "mmd": EffectThresholds(warning=0.04, critical=0.15),
    "mmd-fourier": EffectThresholds(warning=0.04, critical=0.15),
    "context-mmd": EffectThresholds(warning=0.04, critical=0.15),
    "lsdd": EffectThresholds(warning=0.05, critical=0.15),
    "classifier": EffectThresholds(warning=0.1, critical=0.5),
    "tfidf-similarity": EffectThresholds(warning=0.005, critical=0.1),
    "chi-square": EffectThresholds(warning=0.05, critical=0.15),
    "ks": EffectThresholds(warning=0.1, critical=0.2),
    "cramer-von-mises": EffectThresholds(warning=0.05, critical=0.1),
}
"""By name of the detector. A fifth of foreign texts of any of three domains reaches the warning of mmd, lsdd
and classifier, and a window of nothing else their critical. mmd-fourier and context-mmd share mmd's unit and
take over its values; for context-mmd that was not measured.
"""
