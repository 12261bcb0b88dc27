"""Pieces of PromQL that recording rules and alerts share."""

from __future__ import annotations

from typing import Final

from modelmonitor import metrics
from modelmonitor.api.durations import parse_duration
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.metrics import Metric

BY_MONITOR: Final = "by (namespace, modelmonitor)"
ON_MONITOR: Final = "on (namespace, modelmonitor)"
BY_CHECK: Final = "by (namespace, modelmonitor, check, drift_type)"
ON_CHECK: Final = "on (namespace, modelmonitor, check, drift_type)"


def selector(monitor: ModelMonitor, *matchers: str) -> str:
    """The label matchers, in braces, of the series of one monitor."""
    own = (f'namespace="{monitor.namespace}"', f'modelmonitor="{monitor.metadata.name}"')
    return "{" + ",".join((*own, *matchers)) + "}"


def summed_rate(
    metric: Metric | str, monitor: ModelMonitor, *matchers: str, window: str, by: str = BY_MONITOR
) -> str:
    """Increase per second over a window, summed over pods."""
    name = metric if isinstance(metric, str) else metric.name
    return f"sum {by} (rate({name}{selector(monitor, *matchers)}[{window}]))"


def above_zero(expression: str) -> str:
    """The expression where it is positive: a divisor of 0 would make NaN, which never alerts."""
    return f"({expression} > 0)"


def seconds(duration: str) -> str:
    """A duration such as 100ms as a number of seconds."""
    return number(parse_duration(duration).total_seconds())


def number(value: float) -> str:
    """A number as PromQL reads it, without a trail of digits."""
    return format(value, ".10g")


def low_confidence_bucket(below: float) -> float:
    """The bound of the confidence histogram nearest to `below`: only at its bounds can it be read."""
    return min(metrics.CONFIDENCE_BUCKETS, key=lambda bound: (abs(bound - below), bound))
