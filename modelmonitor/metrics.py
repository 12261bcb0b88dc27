"""Every metric and label name of the system, once; rules, dashboards, servers and docs read them from here."""

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


# 0.1 and 0.5 s are thresholds, so they must be bounds; the fine low buckets keep p50 of a fast model readable.
LATENCY_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0)
# 0.6 is the low-confidence bound: with it as a bucket the low-confidence share is exact.
CONFIDENCE_BUCKETS: Final = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)

PREDICTIONS: Final = Metric("api_predictions_total", "counter", "Predictions answered, by predicted class.", ("sentiment",))
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
REQUESTS: Final = Metric("api_requests_total", "counter", "Requests answered.", ("method", "endpoint", "status"))
ACTIVE_REQUESTS: Final = Metric("api_active_requests", "gauge", "Requests being answered now.")
ERRORS: Final = Metric("api_errors_total", "counter", "Requests that failed, by cause.", ("error_type", "endpoint"))
MODEL_LOADED: Final = Metric("model_loaded", "gauge", "1 when the model is loaded and answers, else 0.")
MODEL_INFO: Final = Metric("model_info", "gauge", "Always 1; the labels say which model is served.", ("model_name", "version"))
DATABASE_QUERIES: Final = Metric(
    "database_queries_total", "counter", "Statements sent to PostgreSQL.", ("operation", "table")
)
LOG_QUEUED: Final = Metric("api_prediction_log_spooled_bytes", "gauge", "Predictions on disk waiting for PostgreSQL, in bytes.")
LOG_WRITTEN: Final = Metric("api_prediction_log_written_total", "counter", "Predictions committed to PostgreSQL.")
LOG_DROPPED: Final = Metric(
    "api_prediction_log_dropped_total", "counter", "Predictions that could not be logged, by cause.", ("reason",)
)
DATABASE_UP: Final = Metric("modelmonitor_database_up", "gauge", "1 when the last statement to PostgreSQL succeeded, else 0.")

PREDICTOR_METRICS: Final = (
    PREDICTIONS,
    PREDICTION_DURATION,
    PREDICTION_CONFIDENCE,
    REQUESTS,
    ACTIVE_REQUESTS,
    ERRORS,
    MODEL_LOADED,
    MODEL_INFO,
    DATABASE_QUERIES,
    LOG_QUEUED,
    LOG_WRITTEN,
    LOG_DROPPED,
    DATABASE_UP,
)
