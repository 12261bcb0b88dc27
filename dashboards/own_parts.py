"""Panels of the system's own parts, collector and operator; Models / Pipeline shows them."""

from __future__ import annotations

from typing import Final

from dashboards.kinds import lines
from dashboards.panel import Panel
from dashboards.scope import ANY_MONITOR, BY_MONITOR
from dashboards.targets import series
from modelmonitor import metrics

_of: Final = ANY_MONITOR.of
_NAME: Final = "{{namespace}}/{{modelmonitor}}"


def events() -> Panel:
    """Events by kind."""
    return lines(
        "Events",
        "What KServe's logger sent, by kind, and what of it could not be read and was kept aside.",
        series(f"sum by (kind) (rate({metrics.COLLECTOR_EVENTS.name}[$__rate_interval]))", "{{kind}}"),
        series(f"sum(rate({metrics.COLLECTOR_UNREADABLE.name}[$__rate_interval]))", "unreadable"),
        unit="ops",
    )


def joined() -> Panel:
    """What became of events."""
    return lines(
        "Joined and orphaned",
        "Requests joined with their response, and halves whose partner did not come in time.",
        series(f"sum(rate({metrics.COLLECTOR_PAIRS.name}[$__rate_interval]))", "joined"),
        series(
            f"sum by (kind) (rate({metrics.COLLECTOR_ORPHANS.name}[$__rate_interval]))", "orphaned {{kind}}"
        ),
        unit="ops",
    )


def labels() -> Panel:
    """Labels and alerts received."""
    return lines(
        "Labels and news of alerts",
        "Made durable by /feedback and by Alertmanager's webhook.",
        series(f"sum(rate({metrics.COLLECTOR_LABELS.name}[$__rate_interval]))", "labels"),
        series(f"sum(rate({metrics.COLLECTOR_ALERTS.name}[$__rate_interval]))", "alerts"),
        unit="ops",
    )


def reconciles() -> Panel:
    """Reconciles by result."""
    return lines(
        "Reconciles",
        "Of the operator, by result.",
        series(f"sum by (result) (rate({metrics.OPERATOR_RECONCILES.name}[$__rate_interval]))", "{{result}}"),
        unit="ops",
        alert="ModelMonitorReconcileFailing",
    )


def durations() -> Panel:
    """Time of a reconcile."""
    buckets = f"sum by (le) (rate({metrics.OPERATOR_RECONCILE_DURATION.name}_bucket[$__rate_interval]))"
    return lines(
        "Time of a reconcile",
        "The API server's answers are most of it.",
        series(f"histogram_quantile(0.5, {buckets})", "p50"),
        series(f"histogram_quantile(0.95, {buckets})", "p95"),
        unit="s",
    )


def queue() -> Panel:
    """Monitors that wait for a reconcile."""
    return lines(
        "Monitors that wait",
        "For a reconcile. If it does not go back to 0, raise MM_OPERATOR_WORKERS.",
        series(f"sum({metrics.OPERATOR_QUEUE.name})", "waiting"),
        unit="none",
    )


def errors() -> Panel:
    """Failed reconciles by monitor."""
    return lines(
        "Failed reconciles by monitor",
        "The monitor's condition Ready says why.",
        series(
            f"sum {BY_MONITOR} (increase({_of(metrics.OPERATOR_RECONCILE_ERRORS)}[$__rate_interval]))", _NAME
        ),
        alert="ModelMonitorReconcileFailing",
        width=12,
    )


def requests() -> Panel:
    """Requests to the API server."""
    return lines(
        "Requests to the API server",
        "By verb and status. Many 429 mean that the API server holds the operator back.",
        series(
            f"sum by (verb, code) (rate({metrics.OPERATOR_API_REQUESTS.name}[$__rate_interval]))",
            "{{verb}} {{code}}",
        ),
        unit="reqps",
        width=12,
    )
