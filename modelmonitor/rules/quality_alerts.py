"""Alerts on what the model says: its confidence, its classes, and what the drift jobs found."""

from __future__ import annotations

from typing import Final

from modelmonitor import metrics
from modelmonitor.api.conditions import ConditionType, Reason
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.metrics import Metric
from modelmonitor.rules.alert_table import Alert, alert_rules, with_traffic
from modelmonitor.rules.promql import BY_CHECK, BY_MONITOR, ON_CHECK
from modelmonitor.rules.recording import CLASS_SHARE, CONFIDENCE_1H, LOW_CONFIDENCE
from modelmonitor.rules.rule import AlertRule

_SHIFT_OF_A_CLASS: Final = "0.15"
# Prometheus asks itself when it sends the alert: a rule's own labels must not change from run to run.
_EXPLAINED: Final = f'{metrics.DRIFT_EXPLANATION.name}{{namespace="%%s",modelmonitor="%%s",check="%%s"}}'
_WHAT: Final = (
    f"{{{{ with printf `{_EXPLAINED}` $labels.namespace $labels.modelmonitor $labels.check | query }}}}"
    ': {{ . | first | label "explanation" }}{{ end }}'
)
_CHECK_NAME: Final = "{{ $labels.modelmonitor }}/{{ $labels.check }}"
_SHARE: Final = f"{CLASS_SHARE}%own"
_LABELLED: Final = f'{metrics.LABELLED_ACCURACY.name}{{%matchers,bound="%bound"}}'
_REPEATED: Final = f'type="{ConditionType.RETRAIN_RECOMMENDED}",reason="{Reason.REPEATED_DRIFT}"'


def _of_checks(metric: Metric) -> str:
    return f"max {BY_CHECK} ({metric.name}%own)"


QUALITY: Final = (
    Alert(
        "ModelConfidenceLow",
        {"warning": "15m", "critical": "15m"},
        expr=with_traffic(f"{CONFIDENCE_1H}%own < %confidence"),
        summary="{{ $labels.modelmonitor }} is unsure: mean confidence {{ $value | humanizePercentage }}",
        description=(
            "Mean confidence of the last hour is below %confidence: inputs may be unlike the training."
        ),
    ),
    Alert(
        "ModelLowConfidenceRateHigh",
        {"warning": "15m", "critical": "15m"},
        expr=with_traffic(f"{LOW_CONFIDENCE}%own > %low_confidence"),
        summary="{{ $labels.modelmonitor }} is unsure of {{ $value | humanizePercentage }} of predictions",
        description="The share of predictions with low confidence in the last hour is above %low_confidence.",
    ),
    Alert(
        "ModelPredictionMixShift",
        {"warning": "30m"},
        # An hour's offset keeps the hour that is judged out of its own yardstick.
        expr=with_traffic(
            f"max {BY_MONITOR} (abs({_SHARE} - avg_over_time({_SHARE}[7d] offset 1h))) > {_SHIFT_OF_A_CLASS}"
        ),
        summary="{{ $labels.modelmonitor }} predicts other classes than in the last 7 days",
        description="The share of a class is {{ $value | humanizePercentage }} off its mean of 7 days.",
    ),
)

DRIFT: Final = (
    Alert(
        "ModelDriftDetected",
        # A gauge written once a run is confirmed by the run's own level, not by standing for a while.
        {"warning": "0m", "critical": "0m"},
        keep="1h",
        expr=f"{_of_checks(metrics.DRIFT_SEVERITY)} %drift",
        summary=f"Drift of type {{{{ $labels.drift_type }}}} in {_CHECK_NAME}",
        description=f"The last run found a difference that is significant and large enough to matter{_WHAT}.",
    ),
    Alert(
        "ModelDriftPersistent",
        {"critical": "0m"},
        expr=f"max {BY_MONITOR} ({metrics.CONDITION.name}{{%matchers,{_REPEATED}}}) == 1",
        summary="Drift of {{ $labels.modelmonitor }} does not pass: retraining is recommended",
        description="At least %evidence runs in a row found drift.",
    ),
    Alert(
        "ModelDriftRunStale",
        {"warning": "10m"},
        expr=(
            f"(time() - {_of_checks(metrics.RUN_WAITING_SINCE)}) "
            f"> {ON_CHECK} (2 * {_of_checks(metrics.RUN_INTERVAL)})"
        ),
        summary=f"{_CHECK_NAME} has had no result for {{{{ $value | humanizeDuration }}}}",
        description="Two runs in a row gave no result, so the last verdict is old and must not be trusted.",
    ),
    Alert(
        "ModelDriftRunFailed",
        {"warning": "0m"},
        expr=f"{_of_checks(metrics.RUN_FAILED)} == 1",
        summary=f"The last run of {_CHECK_NAME} failed",
        description="The job ended with an error; its log says why.",
    ),
    Alert(
        "ModelWindowTooSmall",
        {"info": "2h"},
        expr=f"{_of_checks(metrics.WINDOW_ROWS)} < {ON_CHECK} {_of_checks(metrics.WINDOW_MIN_ROWS)}",
        summary=f"{_CHECK_NAME} has only {{{{ $value }}}} predictions in its window",
        description="With so few rows nothing can be told: lengthen window.lookback or lower window.minRows.",
    ),
)

ACCURACY: Final = (
    Alert(
        "ModelPerformanceBelowTarget",
        {"warning": "0m", "critical": "0m"},
        keep="1h",
        expr=f"max {BY_CHECK} ({_LABELLED}) < %least_accuracy",
        summary=f"{_CHECK_NAME}: accuracy by labels %surely below %least_accuracy",
        description="Labels that came back show that the model is right less often than it must be.",
    ),
)


def quality_alerts(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """Alerts on confidence and predicted classes, from live metrics."""
    return alert_rules(QUALITY, monitor)


def drift_alerts(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """Alerts on results of drift jobs, on jobs that give none, and on accuracy by labels if the spec asks."""
    wanted = DRIFT if monitor.spec.alerts.min_accuracy is None else (*DRIFT, *ACCURACY)
    return alert_rules(wanted, monitor)
