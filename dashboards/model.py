"""Models / Model: one model as a service and as a classifier, from live metrics."""

from __future__ import annotations

from typing import Final

from dashboards.dashboard import Dashboard, Section
from dashboards.kinds import CLASS_COLORS, heatmap, lines, stacked, stat, table
from dashboards.panel import (
    ANY_IS_GOOD,
    CONFIDENCE_STEPS,
    ERROR_STEPS,
    LATENCY_STEPS,
    LOW_SHARE_STEPS,
    SEVERITIES,
    Panel,
)
from dashboards.scope import ONE_MONITOR
from dashboards.targets import heat, latest, latest_table, series
from modelmonitor import metrics
from modelmonitor.rules.recording import (
    CLASS_SHARE,
    CONFIDENCE_1H,
    CONFIDENCE_5M,
    ERROR_WINDOWS,
    LATENCY_P50,
    LATENCY_P95,
    LATENCY_P99,
    LOW_CONFIDENCE,
    TRAFFIC,
    error_ratio,
)

_of: Final = ONE_MONITOR.of


def model() -> Dashboard:
    """The dashboard."""
    return Dashboard(
        uid="mm-model",
        title="Models / Model",
        description="One model: traffic, errors, latency, and how sure it is of what it says.",
        scope=ONE_MONITOR,
        sections=[
            Section("", [_numbers()]),
            Section("Answers", [[_by_class(), _mix()], [_confidence(), _distribution(), _low_share()]]),
            Section(
                "Service",
                [[_latency(), _errors()], [_burn(), _causes(), _active()], [_replicas(), _version()]],
            ),
        ],
        since="now-6h",
    )


def _numbers() -> list[Panel]:
    return [
        stat(
            "Replicas loaded",
            "Replicas that have their model and answer.",
            latest(f"sum({_of(metrics.MODEL_LOADED)})", "replicas"),
            unit="none",
            steps=ANY_IS_GOOD,
            alert="ModelNotLoaded",
        ),
        stat(
            "Worst drift",
            "The worst severity among the last runs of the checks.",
            latest(f"max({_of(metrics.DRIFT_SEVERITY)})", "drift"),
            unit="none",
            mappings=SEVERITIES,
            alert="ModelDriftDetected",
        ),
        stat(
            "Mean confidence of an hour",
            "Below 0.8 a warning, below 0.6 critical. It can stay high while accuracy falls.",
            latest(_of(CONFIDENCE_1H), "confidence"),
            unit="percentunit",
            steps=CONFIDENCE_STEPS,
            alert="ModelConfidenceLow",
        ),
        stat(
            "Predictions a second",
            "Mean of five minutes, over all replicas.",
            latest(_of(TRAFFIC), "predictions"),
            unit="reqps",
            alert="ModelTrafficStopped",
        ),
    ]


def _by_class() -> Panel:
    return stacked(
        "Predictions by class",
        "How often each class is predicted.",
        series(f"sum by (sentiment) (rate({_of(metrics.PREDICTIONS)}[$__rate_interval]))", "{{sentiment}}"),
        unit="reqps",
        overrides=CLASS_COLORS,
        width=12,
    )


def _mix() -> Panel:
    return lines(
        "Class mix against its week",
        "Share of each class in the last hour, and its mean of seven days. 15 points apart raise an alert.",
        series(_of(CLASS_SHARE), "{{sentiment}} now"),
        series(f"avg_over_time({_of(CLASS_SHARE)}[7d])", "{{sentiment}} 7 days"),
        unit="percentunit",
        high=1,
        alert="ModelPredictionMixShift",
        width=12,
    )


def _confidence() -> Panel:
    return lines(
        "Mean confidence",
        "Of five minutes and of an hour. The bands are the guide's 0.6 and 0.8.",
        series(_of(CONFIDENCE_5M), "5 minutes"),
        series(_of(CONFIDENCE_1H), "1 hour"),
        unit="percentunit",
        high=1,
        steps=CONFIDENCE_STEPS,
        thresholds="area",
        alert="ModelConfidenceLow",
    )


def _distribution() -> Panel:
    buckets = _of(f"{metrics.PREDICTION_CONFIDENCE.name}_bucket")
    return heatmap(
        "Confidence, all of it",
        "How confidences are spread: a mean hides a model that is very sure of some and unsure of others.",
        heat(f"sum by (le) (increase({buckets}[$__rate_interval]))"),
        unit="percentunit",
    )


def _low_share() -> Panel:
    return lines(
        "Share of low confidence",
        "Predictions of an hour with a confidence below the monitor's bound (0.6 unless set). 10 % "
        "warns, 30 % is critical.",
        series(_of(LOW_CONFIDENCE), "1 hour"),
        unit="percentunit",
        steps=LOW_SHARE_STEPS,
        thresholds="dashed",
        alert="ModelLowConfidenceRateHigh",
    )


def _latency() -> Panel:
    return lines(
        "Latency",
        "From admission of a text to its prediction, over all replicas. The lines are the guide's 100 "
        "and 500 ms.",
        series(_of(LATENCY_P50), "p50"),
        series(_of(LATENCY_P95), "p95"),
        series(_of(LATENCY_P99), "p99"),
        unit="s",
        steps=LATENCY_STEPS,
        thresholds="dashed",
        table=True,
        alert="ModelLatencyHigh",
        width=12,
    )


def _errors() -> Panel:
    return lines(
        "Requests by status",
        "Requests answered, by HTTP status (gRPC codes as their equivalent). 5xx are failures of the "
        "service.",
        series(f"sum by (status) (rate({_of(metrics.REQUESTS)}[$__rate_interval]))", "{{status}}"),
        unit="reqps",
        alert="ModelErrorRateHigh",
        width=12,
    )


def _burn() -> Panel:
    return lines(
        "Errors, by window",
        "Share of requests that failed. A long window says that it matters, a short one that it goes on.",
        *(series(_of(error_ratio(window)), window) for window in ERROR_WINDOWS),
        unit="percentunit",
        steps=ERROR_STEPS,
        alert="ModelErrorBudgetBurn",
    )


def _causes() -> Panel:
    return lines(
        "Errors by cause",
        "Requests that got an error, bad input of clients included.",
        series(f"sum by (error_type) (rate({_of(metrics.ERRORS)}[$__rate_interval]))", "{{error_type}}"),
        unit="reqps",
        alert="ModelErrorRateHigh",
    )


def _active() -> Panel:
    return lines(
        "Requests in progress",
        "Being answered now. If it only grows, the model is slower than its traffic.",
        series(f"sum({_of(metrics.ACTIVE_REQUESTS)})", "requests"),
    )


def _replicas() -> Panel:
    return lines(
        "Replicas",
        "Scraped, and with a loaded model.",
        series(f"count({_of(metrics.MODEL_LOADED)})", "scraped"),
        series(f"sum({_of(metrics.MODEL_LOADED)})", "loaded"),
        unit="none",
        alert="ModelReplicaNotLoaded",
        width=12,
    )


def _version() -> Panel:
    return table(
        "Served versions",
        "Model and version by replica; two versions at a time are a rollout or a canary.",
        latest_table(f"count by (model_name, version) ({_of(metrics.MODEL_INFO)})"),
        unit="none",
        transformations=(
            {
                "id": "organize",
                "options": {"excludeByName": {"Time": True}, "renameByName": {"Value": "Replicas"}},
            },
        ),
        width=12,
    )
