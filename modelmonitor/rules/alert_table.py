"""A table of alerts, and the rules that a monitor's spec makes of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import Template
from typing import Final

from modelmonitor.api.alerts import AlertSeverity
from modelmonitor.api.thresholds import Thresholds
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.error_budget import burn
from modelmonitor.rules.promql import ON_MONITOR, seconds, selector
from modelmonitor.rules.recording import TRAFFIC
from modelmonitor.rules.rule import AlertRule


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert in one or two severities.

    In all texts `%own` stands for the matchers of the monitor's series in braces, `%matchers` for the same
    without them, and other names after a percent sign for values that may differ between severities.

    Attributes:
        name: in one word.
        holds: how long the query must have a result before it fires, by severity, the milder first.
        expr: the query.
        summary: one line.
        description: what happened and what it means.
        keep: how long it goes on after the query has no result.
    """

    name: str
    holds: Mapping[AlertSeverity, str]
    expr: str
    summary: str
    description: str
    keep: str | None = None


# What a row compares with, and says, where severities differ in more than a threshold.
_DIFFERENCES: Final[Mapping[AlertSeverity, Mapping[str, str]]] = {
    "info": {},
    "warning": {"drift": "== 1", "bound": "point", "surely": "is"},
    "critical": {"drift": ">= 2", "bound": "high", "surely": "is, with certainty,"},
}


class _Text(Template):
    # Prometheus' own templates use the dollar sign.
    delimiter = "%"


def alert_rules(table: Iterable[Alert], monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """The rules of a monitor, one for each severity of each alert."""
    return tuple(
        _rule(alert, severity, hold, values_of(monitor, severity))
        for alert in table
        for severity, hold in alert.holds.items()
    )


def with_traffic(expression: str) -> str:
    """The expression while there is enough traffic for a ratio to mean something."""
    return f"({expression}) and {ON_MONITOR} ({TRAFFIC}%own > %least_traffic)"


def values_of(monitor: ModelMonitor, severity: AlertSeverity) -> Mapping[str, str]:
    """What the names in the texts of a row stand for."""
    return {
        "own": selector(monitor),
        "matchers": selector(monitor)[1:-1],
        "least_traffic": monitor.spec.alerts.min_requests_per_second,
        "evidence": str(monitor.spec.retrain.min_evidence),
        "least_accuracy": monitor.spec.alerts.min_accuracy or "",
        **_DIFFERENCES[severity],
        **_thresholds(monitor.spec.thresholds, severity),
        "burn": burn(monitor, severity),
    }


def _thresholds(thresholds: Thresholds, severity: AlertSeverity) -> dict[str, str]:
    confidence, low = thresholds.confidence, thresholds.low_confidence_share
    latency, errors = thresholds.latency_p95, thresholds.error_rate
    bounds = {
        "confidence": (confidence.warning, confidence.critical),
        "low_confidence": (low.warning, low.critical),
        "latency": (latency.warning, latency.critical),
        "error_rate": (errors.warning, errors.critical),
    }
    chosen = {name: each[severity == "critical"] for name, each in bounds.items()}
    return {**chosen, "latency_seconds": seconds(chosen["latency"])}


def _rule(alert: Alert, severity: AlertSeverity, hold: str, values: Mapping[str, str]) -> AlertRule:
    return AlertRule(
        alert=alert.name,
        severity=severity,
        hold=hold,
        keep=alert.keep,
        expr=_Text(alert.expr).substitute(values),
        summary=_Text(alert.summary).substitute(values),
        description=_Text(alert.description).substitute(values),
    )
