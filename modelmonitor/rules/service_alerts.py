"""Alerts on the service: is the model there, does it answer, fast and without errors?"""

from __future__ import annotations

from modelmonitor import metrics
from modelmonitor.api.alerts import AlertSeverity
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.promql import BY_MONITOR, ON_MONITOR, number, seconds, selector
from modelmonitor.rules.recording import LATENCY_P95, TRAFFIC, error_ratio
from modelmonitor.rules.rule import AlertRule

_ANY_PREDICTIONS_YESTERDAY = 10


def service_alerts(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """Alerts on availability, errors, latency, traffic and the prediction log."""
    return (
        *_availability(monitor),
        *_errors(monitor),
        *_burns(monitor),
        _latency(monitor, severity="warning", bound=monitor.spec.thresholds.latency_p95.warning),
        _latency(monitor, severity="critical", bound=monitor.spec.thresholds.latency_p95.critical),
        _traffic(monitor),
        *_log(monitor),
    )


def with_traffic(expression: str, monitor: ModelMonitor) -> str:
    """The expression while there is enough traffic for a ratio to mean something."""
    least = monitor.spec.alerts.min_requests_per_second
    return f"({expression}) and {ON_MONITOR} ({TRAFFIC}{selector(monitor)} > {least})"


def _availability(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    own = selector(monitor)
    loaded = f"{metrics.MODEL_LOADED.name}{own}"
    return (
        AlertRule(
            alert="ModelTargetDown",
            severity="critical",
            hold="5m",
            # Without absent(), a target that vanished would have no series and so never alert.
            expr=f"(sum {BY_MONITOR} (up{own}) == 0) or absent(up{own})",
            summary="No pod of {{ $labels.modelmonitor }} is scraped",
            description="Prometheus reaches no pod of the model: it is down, gone, or no longer selected.",
        ),
        AlertRule(
            alert="ModelNotLoaded",
            severity="critical",
            hold="2m",
            expr=f"max {BY_MONITOR} ({loaded}) == 0",
            summary="No replica of {{ $labels.modelmonitor }} has its model loaded",
            description="Pods run but none has a model: every prediction fails.",
        ),
        AlertRule(
            alert="ModelReplicaNotLoaded",
            severity="warning",
            hold="10m",
            expr=f"(count {BY_MONITOR} ({loaded} == 0)) and {ON_MONITOR} (max {BY_MONITOR} ({loaded}) == 1)",
            summary="{{ $value }} replicas of {{ $labels.modelmonitor }} have no model loaded",
            description="Other replicas answer, so predictions go on with less capacity.",
        ),
    )


def _errors(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    bounds = monitor.spec.thresholds.error_rate
    return tuple(
        AlertRule(
            alert="ModelErrorRateHigh",
            severity=severity,
            hold=hold,
            expr=with_traffic(f"{error_ratio('5m')}{selector(monitor)} > {bound}", monitor),
            summary="{{ $value | humanizePercentage }} of requests to {{ $labels.modelmonitor }} fail",
            description=f"The share of requests answered with a server error is above {bound}.",
        )
        for severity, hold, bound in _severities(bounds.warning, bounds.critical, holds=("15m", "10m"))
    )


def _severities(
    warning: str, critical: str, *, holds: tuple[str, str]
) -> tuple[tuple[AlertSeverity, str, str], ...]:
    return (("warning", holds[0], warning), ("critical", holds[1], critical))


def _burns(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """The error budget of 30 days spent too fast, for long and still now (SRE Workbook, chapter 5)."""
    fast = _either(_burn(monitor, 14.4, windows=("5m", "1h")), _burn(monitor, 6, windows=("30m", "6h")))
    slow = _either(_burn(monitor, 3, windows=("2h", "1d")), _burn(monitor, 1, windows=("6h", "3d")))
    return (_burn_alert("warning", "15m", slow), _burn_alert("critical", "2m", fast))


def _burn_alert(severity: AlertSeverity, hold: str, expression: str) -> AlertRule:
    return AlertRule(
        alert="ModelErrorBudgetBurn",
        severity=severity,
        hold=hold,
        expr=expression,
        summary="{{ $labels.modelmonitor }} spends its error budget too fast",
        description="Errors over a long and a short window say that the budget of 30 days will not last.",
    )


def _burn(monitor: ModelMonitor, factor: float, *, windows: tuple[str, str]) -> str:
    budget = float(monitor.spec.thresholds.error_rate.critical)
    bound = number(factor * budget)
    short, long = (f"{error_ratio(window)}{selector(monitor)} > {bound}" for window in windows)
    return f"({short} and {long})"


def _either(first: str, second: str) -> str:
    return f"{first} or {second}"


def _latency(monitor: ModelMonitor, *, severity: AlertSeverity, bound: str) -> AlertRule:
    return AlertRule(
        alert="ModelLatencyHigh",
        severity=severity,
        hold="10m",
        expr=with_traffic(f"{LATENCY_P95}{selector(monitor)} > {seconds(bound)}", monitor),
        summary="{{ $labels.modelmonitor }} answers slowly: p95 is {{ $value | humanizeDuration }}",
        description=f"One prediction in twenty takes longer than {bound}.",
    )


def _traffic(monitor: ModelMonitor) -> AlertRule:
    own = selector(monitor)
    name = metrics.PREDICTIONS.name
    now = f"sum {BY_MONITOR} (increase({name}{own}[30m])) == 0"
    yesterday = f"sum {BY_MONITOR} (increase({name}{own}[30m] offset 1d)) > {_ANY_PREDICTIONS_YESTERDAY}"
    return AlertRule(
        alert="ModelTrafficStopped",
        severity="warning",
        hold="30m",
        expr=f"({now}) and {ON_MONITOR} ({yesterday})",
        summary="{{ $labels.modelmonitor }} gets no requests",
        description="For half an hour nothing was predicted; at this hour yesterday there was traffic.",
    )


def _log(monitor: ModelMonitor) -> tuple[AlertRule, AlertRule]:
    own = selector(monitor)
    return (
        AlertRule(
            alert="ModelPredictionLogDropped",
            severity="warning",
            hold="5m",
            expr=f"sum {BY_MONITOR} (increase({metrics.LOG_DROPPED.name}{own}[10m])) > 0",
            summary="{{ $labels.modelmonitor }} loses predictions before they are logged",
            description="Rows were dropped: drift is judged on the rest, their labels find no prediction.",
        ),
        AlertRule(
            alert="ModelMonitorDatabaseDown",
            severity="critical",
            hold="5m",
            expr=f"max {BY_MONITOR} ({metrics.DATABASE_UP.name}{own}) == 0",
            summary="{{ $labels.modelmonitor }} cannot write its prediction log",
            description="PostgreSQL is not reachable. Predictions wait on disk until the spool is full.",
        ),
    )
