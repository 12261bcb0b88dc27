"""Bounds of health and the budget of false alarms, with the defaults of the monitoring guide."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from modelmonitor.api.base import ApiModel
from modelmonitor.api.durations import Duration, Latency
from modelmonitor.api.quantities import Share, falling_decimals, rising_decimals, rising_latencies


class FalseAlarms(ApiModel):
    """How many false alarms are acceptable over all checks; the level of each test follows from it."""

    max: Annotated[int, Field(strict=True, ge=1, le=100)] = 1
    """Expected number of false alarms, at most."""

    per: Duration = "30d"
    """The span that the number is for."""


class ConfidenceBounds(ApiModel):
    """Mean confidence: an alert fires below."""

    warning: Share = "0.8"
    """Below this a warning."""

    critical: Share = "0.6"
    """Below this a critical alert."""

    rules: ClassVar = (falling_decimals(message="confidence.warning must be above confidence.critical"),)


class LowConfidenceBounds(ApiModel):
    """Share of predictions with low confidence: an alert fires above."""

    warning: Share = "0.1"
    """Above this a warning."""

    critical: Share = "0.3"
    """Above this a critical alert."""

    rules: ClassVar = (
        rising_decimals(message="lowConfidenceShare.warning must be below lowConfidenceShare.critical"),
    )


class LatencyBounds(ApiModel):
    """95th percentile of the time for a prediction: an alert fires above."""

    warning: Latency = "100ms"
    """Above this a warning."""

    critical: Latency = "500ms"
    """Above this a critical alert."""

    rules: ClassVar = (rising_latencies(message="latencyP95.warning must be below latencyP95.critical"),)


class ErrorBounds(ApiModel):
    """Share of requests that fail: an alert fires above."""

    warning: Share = "0"
    """Above this a warning; 0 means any error."""

    critical: Share = "0.01"
    """Above this a critical alert."""

    rules: ClassVar = (rising_decimals(message="errorRate.warning must be below errorRate.critical"),)


class Thresholds(ApiModel):
    """Bounds of the live metrics, warning and critical."""

    confidence: ConfidenceBounds = ConfidenceBounds()
    """Mean confidence."""

    low_confidence_below: Share = "0.6"
    """A prediction below this counts as low confidence."""

    low_confidence_share: LowConfidenceBounds = LowConfidenceBounds()
    """Share of predictions with low confidence."""

    latency_p95: LatencyBounds = LatencyBounds()
    """95th percentile of the time for a prediction."""

    error_rate: ErrorBounds = ErrorBounds()
    """Share of requests that fail."""
