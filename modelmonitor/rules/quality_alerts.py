"""Alerts on what the model says: its confidence, its classes, and what the drift jobs found."""

from __future__ import annotations

from typing import Final

from modelmonitor import metrics
from modelmonitor.api.alerts import AlertSeverity
from modelmonitor.api.conditions import ConditionType, Reason
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.metrics import Metric
from modelmonitor.rules.promql import BY_CHECK, BY_MONITOR, ON_CHECK, selector
from modelmonitor.rules.recording import CLASS_SHARE, CONFIDENCE_1H, LOW_CONFIDENCE
from modelmonitor.rules.rule import AlertRule
from modelmonitor.rules.service_alerts import with_traffic

_SHIFT_OF_A_CLASS: Final = "0.15"
# Prometheus asks itself when it sends the alert: a rule's own labels must not change from run to run.
_EXPLAINED: Final = f'{metrics.DRIFT_EXPLANATION.name}{{namespace="%s",modelmonitor="%s",check="%s"}}'
_WHAT: Final = (
    f"{{{{ with printf `{_EXPLAINED}` $labels.namespace $labels.modelmonitor $labels.check | query }}}}"
    ': {{ . | first | label "explanation" }}{{ end }}'
)
_CHECK_NAME: Final = "{{ $labels.modelmonitor }}/{{ $labels.check }}"


def quality_alerts(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """Alerts on confidence and predicted classes, from live metrics."""
    confidence = monitor.spec.thresholds.confidence
    low = monitor.spec.thresholds.low_confidence_share
    return (
        _confidence(monitor, severity="warning", bound=confidence.warning),
        _confidence(monitor, severity="critical", bound=confidence.critical),
        _low_confidence(monitor, severity="warning", bound=low.warning),
        _low_confidence(monitor, severity="critical", bound=low.critical),
        _class_shift(monitor),
    )


def drift_alerts(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """Alerts on the results of drift jobs and on jobs that give none."""
    return (
        _drift(monitor, severity="warning", compare="== 1"),
        _drift(monitor, severity="critical", compare=">= 2"),
        _persistent(monitor),
        _stale(monitor),
        _failed(monitor),
        _window(monitor),
        *_accuracy(monitor),
    )


def _confidence(monitor: ModelMonitor, *, severity: AlertSeverity, bound: str) -> AlertRule:
    return AlertRule(
        alert="ModelConfidenceLow",
        severity=severity,
        hold="15m",
        expr=with_traffic(f"{CONFIDENCE_1H}{selector(monitor)} < {bound}", monitor),
        summary="{{ $labels.modelmonitor }} is unsure: mean confidence {{ $value | humanizePercentage }}",
        description=f"Mean confidence of the last hour is below {bound}: inputs may be unlike the training.",
    )


def _low_confidence(monitor: ModelMonitor, *, severity: AlertSeverity, bound: str) -> AlertRule:
    return AlertRule(
        alert="ModelLowConfidenceRateHigh",
        severity=severity,
        hold="15m",
        expr=with_traffic(f"{LOW_CONFIDENCE}{selector(monitor)} > {bound}", monitor),
        summary="{{ $labels.modelmonitor }} is unsure of {{ $value | humanizePercentage }} of predictions",
        description=f"The share of predictions with low confidence in the last hour is above {bound}.",
    )


def _class_shift(monitor: ModelMonitor) -> AlertRule:
    share = f"{CLASS_SHARE}{selector(monitor)}"
    # An hour's offset keeps the hour that is judged out of its own yardstick.
    usual = f"avg_over_time({share}[7d] offset 1h)"
    shift = f"max {BY_MONITOR} (abs({share} - {usual})) > {_SHIFT_OF_A_CLASS}"
    return AlertRule(
        alert="ModelPredictionMixShift",
        severity="warning",
        hold="30m",
        expr=with_traffic(shift, monitor),
        summary="{{ $labels.modelmonitor }} predicts other classes than in the last 7 days",
        description="The share of a class is {{ $value | humanizePercentage }} off its mean of 7 days.",
    )


def _of_checks(metric: Metric, monitor: ModelMonitor) -> str:
    return f"max {BY_CHECK} ({metric.name}{selector(monitor)})"


def _drift(monitor: ModelMonitor, *, severity: AlertSeverity, compare: str) -> AlertRule:
    return AlertRule(
        alert="ModelDriftDetected",
        severity=severity,
        # A gauge written once a run is confirmed by the run's own level, not by standing for a while.
        hold="0m",
        keep="1h",
        expr=f"{_of_checks(metrics.DRIFT_SEVERITY, monitor)} {compare}",
        summary=f"Drift of type {{{{ $labels.drift_type }}}} in {_CHECK_NAME}",
        description=f"The last run found a difference that is significant and large enough to matter{_WHAT}.",
    )


def _persistent(monitor: ModelMonitor) -> AlertRule:
    repeated = selector(
        monitor, f'type="{ConditionType.RETRAIN_RECOMMENDED}"', f'reason="{Reason.REPEATED_DRIFT}"'
    )
    return AlertRule(
        alert="ModelDriftPersistent",
        severity="critical",
        hold="0m",
        expr=f"max {BY_MONITOR} ({metrics.CONDITION.name}{repeated}) == 1",
        summary="Drift of {{ $labels.modelmonitor }} does not pass: retraining is recommended",
        description=f"At least {monitor.spec.retrain.min_evidence} runs in a row found drift.",
    )


def _stale(monitor: ModelMonitor) -> AlertRule:
    waiting = f"time() - {_of_checks(metrics.RUN_WAITING_SINCE, monitor)}"
    return AlertRule(
        alert="ModelDriftRunStale",
        severity="warning",
        hold="10m",
        expr=f"({waiting}) > {ON_CHECK} (2 * {_of_checks(metrics.RUN_INTERVAL, monitor)})",
        summary=f"{_CHECK_NAME} has had no result for {{{{ $value | humanizeDuration }}}}",
        description="Two runs in a row gave no result, so the last verdict is old and must not be trusted.",
    )


def _failed(monitor: ModelMonitor) -> AlertRule:
    return AlertRule(
        alert="ModelDriftRunFailed",
        severity="warning",
        hold="0m",
        expr=f"{_of_checks(metrics.RUN_FAILED, monitor)} == 1",
        summary=f"The last run of {_CHECK_NAME} failed",
        description="The job ended with an error; its log says why.",
    )


def _accuracy(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    target = monitor.spec.alerts.min_accuracy
    if target is None:
        return ()
    return (
        _below(monitor, target, severity="warning", bound="point", what="is"),
        _below(monitor, target, severity="critical", bound="high", what="is, with certainty,"),
    )


def _below(
    monitor: ModelMonitor, target: str, *, severity: AlertSeverity, bound: str, what: str
) -> AlertRule:
    of_bound = selector(monitor, f'bound="{bound}"')
    return AlertRule(
        alert="ModelPerformanceBelowTarget",
        severity=severity,
        hold="0m",
        keep="1h",
        expr=f"max {BY_CHECK} ({metrics.LABELLED_ACCURACY.name}{of_bound}) < {target}",
        summary=f"{_CHECK_NAME}: accuracy by labels {what} below {target}",
        description="Labels that came back show that the model is right less often than it must be.",
    )


def _window(monitor: ModelMonitor) -> AlertRule:
    rows, least = (_of_checks(metric, monitor) for metric in (metrics.WINDOW_ROWS, metrics.WINDOW_MIN_ROWS))
    return AlertRule(
        alert="ModelWindowTooSmall",
        severity="info",
        hold="2h",
        expr=f"{rows} < {ON_CHECK} {least}",
        summary=f"{_CHECK_NAME} has only {{{{ $value }}}} predictions in its window",
        description="With so few rows nothing can be told: lengthen window.lookback or lower window.minRows.",
    )
