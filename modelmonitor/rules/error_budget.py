"""The error budget of 30 days spent too fast, for long and still now (SRE Workbook, chapter 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from modelmonitor.api.alerts import AlertSeverity
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.promql import number, selector
from modelmonitor.rules.recording import error_ratio

# How many times too fast, over which short and long window.
_BURNS: Final[Mapping[AlertSeverity, tuple[tuple[float, str, str], ...]]] = {
    "info": (),
    "warning": ((3, "2h", "1d"), (1, "6h", "3d")),
    "critical": ((14.4, "5m", "1h"), (6, "30m", "6h")),
}


def burn(monitor: ModelMonitor, severity: AlertSeverity) -> str:
    """The query for a severity; empty for one that has none."""
    budget = float(monitor.spec.thresholds.error_rate.critical)
    return " or ".join(
        _both(monitor, number(factor * budget), windows=(short, long))
        for factor, short, long in _BURNS[severity]
    )


def _both(monitor: ModelMonitor, bound: str, *, windows: tuple[str, str]) -> str:
    short, long = (f"{error_ratio(window)}{selector(monitor)} > {bound}" for window in windows)
    return f"({short} and {long})"
