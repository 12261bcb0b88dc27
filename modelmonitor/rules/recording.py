"""Recording rules: what alerts, dashboards and people ask of a monitor, computed once.

The guide's own queries average cumulative counters, which shows the mean since the process began: after a
collapse of the confidence that figure needs days to move. These divide rates over a window instead.
"""

from __future__ import annotations

from typing import Final

from modelmonitor import metrics
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.promql import (
    BY_MONITOR,
    ON_MONITOR,
    above_zero,
    low_confidence_bucket,
    selector,
    summed_rate,
)
from modelmonitor.rules.rule import RecordingRule

TRAFFIC: Final = "modelmonitor:predictions:rate5m"
CLASS_RATE: Final = "modelmonitor_class:predictions:rate1h"
CLASS_SHARE: Final = "modelmonitor_class:predictions:share1h"
CONFIDENCE_5M: Final = "modelmonitor:prediction_confidence:mean5m"
CONFIDENCE_1H: Final = "modelmonitor:prediction_confidence:mean1h"
LOW_CONFIDENCE: Final = "modelmonitor:prediction_low_confidence:ratio_rate1h"
LATENCY_P50: Final = "modelmonitor:prediction_duration_seconds:p50_5m"
LATENCY_P95: Final = "modelmonitor:prediction_duration_seconds:p95_5m"
LATENCY_P99: Final = "modelmonitor:prediction_duration_seconds:p99_5m"
ERROR_WINDOWS: Final = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")

_BY_CLASS: Final = "by (namespace, modelmonitor, sentiment)"
_BY_BUCKET: Final = "by (namespace, modelmonitor, le)"


def recording_rules(monitor: ModelMonitor) -> tuple[RecordingRule, ...]:
    """Every recording rule of a monitor; a rule stands after those that it reads."""
    return (
        RecordingRule(TRAFFIC, summed_rate(metrics.PREDICTIONS, monitor, window="5m")),
        *_classes(monitor),
        RecordingRule(CONFIDENCE_5M, _mean_confidence(monitor, window="5m")),
        RecordingRule(CONFIDENCE_1H, _mean_confidence(monitor, window="1h")),
        RecordingRule(LOW_CONFIDENCE, _low_confidence(monitor)),
        RecordingRule(LATENCY_P50, _latency(monitor, quantile="0.5")),
        RecordingRule(LATENCY_P95, _latency(monitor, quantile="0.95")),
        RecordingRule(LATENCY_P99, _latency(monitor, quantile="0.99")),
        *(RecordingRule(error_ratio(window), _errors(monitor, window=window)) for window in ERROR_WINDOWS),
    )


def error_ratio(window: str) -> str:
    """Name of the recorded share of requests that failed within a window."""
    return f"modelmonitor:request_errors:ratio_rate{window}"


def _classes(monitor: ModelMonitor) -> tuple[RecordingRule, RecordingRule]:
    rate = summed_rate(metrics.PREDICTIONS, monitor, window="1h", by=_BY_CLASS)
    each = f"{CLASS_RATE}{selector(monitor)}"
    share = f"{each} / {ON_MONITOR} group_left () {above_zero(f'sum {BY_MONITOR} ({each})')}"
    return RecordingRule(CLASS_RATE, rate), RecordingRule(CLASS_SHARE, share)


def _mean_confidence(monitor: ModelMonitor, *, window: str) -> str:
    name = metrics.PREDICTION_CONFIDENCE.name
    total = summed_rate(f"{name}_sum", monitor, window=window)
    return f"{total} / {above_zero(summed_rate(f'{name}_count', monitor, window=window))}"


def _low_confidence(monitor: ModelMonitor) -> str:
    name = metrics.PREDICTION_CONFIDENCE.name
    bound = low_confidence_bucket(float(monitor.spec.thresholds.low_confidence_below))
    low = summed_rate(f"{name}_bucket", monitor, f'le="{bound}"', window="1h")
    return f"{low} / {above_zero(summed_rate(f'{name}_count', monitor, window='1h'))}"


def _latency(monitor: ModelMonitor, *, quantile: str) -> str:
    buckets = summed_rate(f"{metrics.PREDICTION_DURATION.name}_bucket", monitor, window="5m", by=_BY_BUCKET)
    return f"histogram_quantile({quantile}, {buckets})"


def _errors(monitor: ModelMonitor, *, window: str) -> str:
    every = summed_rate(metrics.REQUESTS, monitor, window=window)
    failed = summed_rate(metrics.REQUESTS, monitor, 'status=~"5.."', window=window)
    # Without a single failure there is no series with status 5xx: that is 0, not "no data".
    return f"({failed} or 0 * {every}) / {above_zero(every)}"
