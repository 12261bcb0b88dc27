"""Alerts on the service: is the model there, does it answer, fast and without errors?"""

from __future__ import annotations

from typing import Final

from modelmonitor import metrics
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.alert_table import Alert, alert_rules, with_traffic
from modelmonitor.rules.promql import BY_MONITOR, ON_MONITOR
from modelmonitor.rules.recording import LATENCY_P95, error_ratio
from modelmonitor.rules.rule import AlertRule

_ANY_PREDICTIONS_YESTERDAY: Final = 10
_LOADED: Final = f"{metrics.MODEL_LOADED.name}%own"
_IN_HALF_AN_HOUR: Final = f"sum {BY_MONITOR} (increase({metrics.PREDICTIONS.name}%own[30m]"

SERVICE: Final = (
    Alert(
        "ModelTargetDown",
        {"critical": "5m"},
        # Without absent(), a target that vanished would have no series and so never alert. The operator tells
        # which have no pod because none is wanted; if it does not, they count as down.
        expr=(
            f"((sum {BY_MONITOR} (up%own) == 0) or absent(up%own)) "
            f"unless {ON_MONITOR} ({metrics.TARGET_ASLEEP.name}%own == 1)"
        ),
        summary="No pod of {{ $labels.modelmonitor }} is scraped",
        description="Prometheus reaches no pod of the model: it is down, gone, or no longer selected.",
    ),
    Alert(
        "ModelNotLoaded",
        {"critical": "2m"},
        expr=f"max {BY_MONITOR} ({_LOADED}) == 0",
        summary="No replica of {{ $labels.modelmonitor }} has its model loaded",
        description="Pods run but none has a model: every prediction fails.",
    ),
    Alert(
        "ModelReplicaNotLoaded",
        {"warning": "10m"},
        expr=f"(count {BY_MONITOR} ({_LOADED} == 0)) and {ON_MONITOR} (max {BY_MONITOR} ({_LOADED}) == 1)",
        summary="{{ $value }} replicas of {{ $labels.modelmonitor }} have no model loaded",
        description="Other replicas answer, so predictions go on with less capacity.",
    ),
    Alert(
        "ModelErrorRateHigh",
        {"warning": "15m", "critical": "10m"},
        expr=with_traffic(f"{error_ratio('5m')}%own > %error_rate"),
        summary="{{ $value | humanizePercentage }} of requests to {{ $labels.modelmonitor }} fail",
        description="The share of requests answered with a server error is above %error_rate.",
    ),
    Alert(
        "ModelErrorBudgetBurn",
        {"warning": "15m", "critical": "2m"},
        expr="%burn",
        summary="{{ $labels.modelmonitor }} spends its error budget too fast",
        description="Errors over a long and a short window say that the budget of 30 days will not last.",
    ),
    Alert(
        "ModelLatencyHigh",
        {"warning": "10m", "critical": "10m"},
        expr=with_traffic(f"{LATENCY_P95}%own > %latency_seconds"),
        summary="{{ $labels.modelmonitor }} answers slowly: p95 is {{ $value | humanizeDuration }}",
        description="One prediction in twenty takes longer than %latency.",
    ),
    Alert(
        "ModelTrafficStopped",
        {"warning": "30m"},
        expr=(
            f"({_IN_HALF_AN_HOUR})) == 0) and {ON_MONITOR} "
            f"({_IN_HALF_AN_HOUR} offset 1d)) > {_ANY_PREDICTIONS_YESTERDAY})"
        ),
        summary="{{ $labels.modelmonitor }} gets no requests",
        description="For half an hour nothing was predicted; at this hour yesterday there was traffic.",
    ),
    Alert(
        "ModelPredictionLogDropped",
        {"warning": "5m"},
        expr=f"sum {BY_MONITOR} (increase({metrics.LOG_DROPPED.name}%own[10m])) > 0",
        summary="{{ $labels.modelmonitor }} loses predictions before they are logged",
        description="Rows were dropped: drift is judged on the rest, their labels find no prediction.",
    ),
    Alert(
        "ModelMonitorDatabaseDown",
        {"critical": "5m"},
        expr=f"max {BY_MONITOR} ({metrics.DATABASE_UP.name}%own) == 0",
        summary="{{ $labels.modelmonitor }} cannot write its prediction log",
        description="PostgreSQL is not reachable. Predictions wait on disk until the spool is full.",
    ),
)


def service_alerts(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """Alerts on availability, errors, latency, traffic and the prediction log."""
    return alert_rules(SERVICE, monitor)
