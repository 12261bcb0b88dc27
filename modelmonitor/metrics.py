"""Every metric and label name of the system, once; rules, dashboards, servers and docs read them here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One Prometheus metric: its exposed name, kind, labels and the sentence shown as HELP."""

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


# 0.1 and 0.5 s are thresholds, so they must be bounds; fine low buckets keep p50 of a fast model readable.
LATENCY_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
# 0.6 is the low-confidence bound: with it as a bucket the low-confidence share is exact.
CONFIDENCE_BUCKETS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)

PREDICTIONS: Final = Metric(
    "api_predictions_total", "counter", "Predictions answered, by predicted class.", ("sentiment",)
)
PREDICTION_DURATION: Final = Metric(
    "api_prediction_duration_seconds",
    "histogram",
    "Time from admission of a text to its prediction, in seconds.",
    (),
    LATENCY_BUCKETS,
)
PREDICTION_CONFIDENCE: Final = Metric(
    "api_prediction_confidence",
    "histogram",
    "Confidence of the predicted class, 0 to 1.",
    ("sentiment",),
    CONFIDENCE_BUCKETS,
)
REQUESTS: Final = Metric(
    "api_requests_total", "counter", "Requests answered.", ("method", "endpoint", "status")
)
ACTIVE_REQUESTS: Final = Metric("api_active_requests", "gauge", "Requests being answered now.")
ERRORS: Final = Metric(
    "api_errors_total", "counter", "Requests that failed, by cause.", ("error_type", "endpoint")
)
MODEL_LOADED: Final = Metric("model_loaded", "gauge", "1 when the model is loaded and answers, else 0.")
MODEL_INFO: Final = Metric(
    "model_info", "gauge", "Always 1; the labels say which model is served.", ("model_name", "version")
)
DEPLOYMENT_INFO: Final = Metric(
    "modelmonitor_deployment_info",
    "gauge",
    "Always 1; the label says under which name predictions are logged.",
    ("deployment_id",),
)
DATABASE_QUERIES: Final = Metric(
    "database_queries_total", "counter", "Statements sent to PostgreSQL.", ("operation", "table")
)
LOG_QUEUED: Final = Metric(
    "api_prediction_log_spooled_bytes", "gauge", "Predictions on disk waiting for PostgreSQL, in bytes."
)
LOG_WRITTEN: Final = Metric(
    "api_prediction_log_written_total", "counter", "Predictions committed to PostgreSQL."
)
LOG_DROPPED: Final = Metric(
    "api_prediction_log_dropped_total",
    "counter",
    "Predictions that could not be logged, by cause.",
    ("reason",),
)
LOG_DISCARDED: Final = Metric(
    "api_prediction_log_discarded_total",
    "counter",
    "Predictions refused by PostgreSQL of which no copy is set aside any more: the room for them is used up.",
)
LOG_REPAIRED: Final = Metric(
    "api_prediction_log_repaired_total",
    "counter",
    "Predictions logged with characters replaced that PostgreSQL cannot hold.",
)
DATABASE_UP: Final = Metric(
    "modelmonitor_database_up", "gauge", "1 when the last statement to PostgreSQL succeeded, else 0."
)

PREDICTOR_METRICS: Final = (
    PREDICTIONS,
    PREDICTION_DURATION,
    PREDICTION_CONFIDENCE,
    REQUESTS,
    ACTIVE_REQUESTS,
    ERRORS,
    MODEL_LOADED,
    MODEL_INFO,
    DEPLOYMENT_INFO,
    DATABASE_QUERIES,
    LOG_QUEUED,
    LOG_WRITTEN,
    LOG_DROPPED,
    LOG_DISCARDED,
    LOG_REPAIRED,
    DATABASE_UP,
)

# A check of a monitor: the identity of every drift gauge.
_CHECK: Final = ("namespace", "modelmonitor", "check", "drift_type")
_MONITOR: Final = ("namespace", "modelmonitor")

DRIFT_DETECTED: Final = Metric(
    "modelmonitor_drift_detected",
    "gauge",
    "1 when the last conclusive run of a check found drift, else 0.",
    _CHECK,
)
DRIFT_SEVERITY: Final = Metric(
    "modelmonitor_drift_severity",
    "gauge",
    "Severity of the last run: 0 no drift, 1 warning, 2 critical.",
    _CHECK,
)
DRIFT_P_VALUE: Final = Metric(
    "modelmonitor_drift_p_value", "gauge", "p-value of the last run, 0 to 1.", _CHECK
)
DRIFT_THRESHOLD: Final = Metric(
    "modelmonitor_drift_threshold",
    "gauge",
    "Level of the last run's test: a p-value below it is significant.",
    _CHECK,
)
DRIFT_EFFECT: Final = Metric(
    "modelmonitor_drift_effect_size",
    "gauge",
    "Effect size of the last run, in the unit that the label effect names.",
    (*_CHECK, "effect"),
)
DRIFT_EXPLANATION: Final = Metric(
    "modelmonitor_drift_explanation",
    "gauge",
    "1 while the last run of a check found drift; the label says what changed, in at most 256 characters.",
    (*_CHECK, "explanation"),
)
ESTIMATED_ACCURACY: Final = Metric(
    "modelmonitor_estimated_accuracy",
    "gauge",
    "Accuracy estimated without labels, 0 to 1; the label bound is point, low or high.",
    (*_CHECK, "bound"),
)
LABELLED_ACCURACY: Final = Metric(
    "modelmonitor_labelled_accuracy",
    "gauge",
    "Accuracy measured with labels, 0 to 1; the label bound is point, low or high.",
    (*_CHECK, "bound"),
)
LABELLED_ROWS: Final = Metric(
    "modelmonitor_labelled_rows", "gauge", "Labelled predictions in the last run's window.", _CHECK
)
TARGET_TRAFFIC: Final = Metric(
    "modelmonitor_target_traffic_percent",
    "gauge",
    "Share of the traffic that Knative sends to a revision of the monitored model, 0 to 100.",
    (*_MONITOR, "revision"),
)
TARGET_ASLEEP: Final = Metric(
    "modelmonitor_target_scaled_to_zero",
    "gauge",
    "1 when the monitored model has no pod because none is wanted, else 0.",
    _MONITOR,
)
WINDOW_ROWS: Final = Metric(
    "modelmonitor_window_rows", "gauge", "Predictions in the last run's window.", _CHECK
)
WINDOW_MIN_ROWS: Final = Metric(
    "modelmonitor_window_min_rows", "gauge", "Predictions that a run needs for a verdict.", _CHECK
)
RUN_LAST_SUCCESS: Final = Metric(
    "modelmonitor_run_last_success_timestamp_seconds",
    "gauge",
    "When a check last had a result, Unix time.",
    _CHECK,
)
RUN_WAITING_SINCE: Final = Metric(
    "modelmonitor_run_waiting_since_timestamp_seconds",
    "gauge",
    "Since when a check waits for a result, Unix time: since its last, or since it runs as it does now.",
    _CHECK,
)
RUN_INTERVAL: Final = Metric(
    "modelmonitor_run_interval_seconds",
    "gauge",
    "Longest time between two runs by a check's schedule, seconds.",
    _CHECK,
)
RUN_FAILED: Final = Metric(
    "modelmonitor_run_failed", "gauge", "1 when the newest finished job of a check failed, else 0.", _CHECK
)
CONDITION: Final = Metric(
    "modelmonitor_condition",
    "gauge",
    "1 when a condition of a monitor is True, else 0, with its reason.",
    (*_MONITOR, "type", "reason"),
)
OPERATOR_MONITORS: Final = Metric(
    "modelmonitor_operator_monitors", "gauge", "ModelMonitors that the operator looks after."
)
OPERATOR_RECONCILES: Final = Metric(
    "modelmonitor_operator_reconciles_total", "counter", "Reconciles, by result: ok or failed.", ("result",)
)
OPERATOR_RECONCILE_ERRORS: Final = Metric(
    "modelmonitor_operator_reconcile_errors_total", "counter", "Reconciles that failed, by monitor.", _MONITOR
)
OPERATOR_RECONCILE_FAILING: Final = Metric(
    "modelmonitor_operator_reconcile_failing",
    "gauge",
    "1 while the newest reconcile of a monitor failed, else 0.",
    _MONITOR,
)
OPERATOR_RECONCILE_DURATION: Final = Metric(
    "modelmonitor_operator_reconcile_duration_seconds",
    "histogram",
    "Time that a reconcile takes, seconds.",
    (),
    (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0),
)
OPERATOR_QUEUE: Final = Metric(
    "modelmonitor_operator_queue_depth", "gauge", "Monitors that wait for a reconcile."
)
OPERATOR_API_REQUESTS: Final = Metric(
    "modelmonitor_operator_api_requests_total", "counter", "Requests to the API server.", ("verb", "code")
)

OPERATOR_METRICS: Final = (
    DRIFT_DETECTED,
    DRIFT_SEVERITY,
    DRIFT_P_VALUE,
    DRIFT_THRESHOLD,
    DRIFT_EFFECT,
    DRIFT_EXPLANATION,
    ESTIMATED_ACCURACY,
    LABELLED_ACCURACY,
    LABELLED_ROWS,
    TARGET_TRAFFIC,
    TARGET_ASLEEP,
    WINDOW_ROWS,
    WINDOW_MIN_ROWS,
    RUN_LAST_SUCCESS,
    RUN_WAITING_SINCE,
    RUN_INTERVAL,
    RUN_FAILED,
    CONDITION,
    OPERATOR_MONITORS,
    OPERATOR_RECONCILES,
    OPERATOR_RECONCILE_ERRORS,
    OPERATOR_RECONCILE_FAILING,
    OPERATOR_RECONCILE_DURATION,
    OPERATOR_QUEUE,
    OPERATOR_API_REQUESTS,
)

COLLECTOR_REQUEST_DURATION: Final = Metric(
    "modelmonitor_collector_request_duration_seconds",
    "histogram",
    "Time from the head of a request to its answer, in seconds.",
    ("endpoint",),
    (0.00025, 0.0005, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 10.0),
)
COLLECTOR_EVENTS: Final = Metric(
    "modelmonitor_collector_events_total", "counter", "Events made durable: request or response.", ("kind",)
)
COLLECTOR_UNREADABLE: Final = Metric(
    "modelmonitor_collector_unreadable_events_total",
    "counter",
    "Events whose body could not be read and was kept aside.",
    ("kind",),
)
COLLECTOR_PAIRS: Final = Metric(
    "modelmonitor_collector_joined_events_total", "counter", "Requests joined with their response."
)
COLLECTOR_REPEATS: Final = Metric(
    "modelmonitor_collector_repeated_events_total",
    "counter",
    "Pairs that came again and were left out.",
)
COLLECTOR_ORPHANS: Final = Metric(
    "modelmonitor_collector_orphaned_events_total",
    "counter",
    "Events whose partner did not come in time, by their own kind.",
    ("kind",),
)
COLLECTOR_LABELS: Final = Metric(
    "modelmonitor_collector_labels_total", "counter", "Labels made durable by /feedback."
)
COLLECTOR_ALERTS: Final = Metric(
    "modelmonitor_collector_alerts_total", "counter", "News of alerts made durable by /alerts."
)

COLLECTOR_METRICS: Final = (
    COLLECTOR_REQUEST_DURATION,
    COLLECTOR_EVENTS,
    COLLECTOR_UNREADABLE,
    COLLECTOR_PAIRS,
    COLLECTOR_REPEATS,
    COLLECTOR_ORPHANS,
    COLLECTOR_LABELS,
    COLLECTOR_ALERTS,
    REQUESTS,
    ERRORS,
    DATABASE_QUERIES,
    LOG_QUEUED,
    LOG_WRITTEN,
    LOG_DROPPED,
    LOG_DISCARDED,
    DATABASE_UP,
)
