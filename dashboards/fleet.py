"""Models / Fleet: every monitor at a glance, the worst to be found in seconds."""

from __future__ import annotations

from typing import Any, Final

from dashboards.dashboard import Dashboard, Section
from dashboards.kinds import lines, stat, states, table
from dashboards.panel import (
    ANY_IS_BAD,
    CONFIDENCE_STEPS,
    ERROR_STEPS,
    LATENCY_STEPS,
    LOW_SHARE_STEPS,
    SEVERITIES,
    Panel,
    Steps,
    by_name,
    value_mappings,
)
from dashboards.scope import ANY_MONITOR, BY_MONITOR
from dashboards.targets import latest, latest_table, series, sql
from modelmonitor import metrics
from modelmonitor.rules.groups import RUNBOOKS
from modelmonitor.rules.recording import CONFIDENCE_1H, LATENCY_P95, LOW_CONFIDENCE, TRAFFIC, error_ratio

_of: Final = ANY_MONITOR.of
_FIRING: Final = _of("ALERTS", 'alertstate="firing"')
_SEVERITY: Final = f"max {BY_MONITOR} ({_of(metrics.DRIFT_SEVERITY)})"


def fleet() -> Dashboard:
    """The dashboard."""
    return Dashboard(
        uid="mm-fleet",
        title="Models / Fleet",
        description="All monitors: which models drift, fail or are slow. A click on a row opens the model.",
        scope=ANY_MONITOR,
        sections=[
            Section("", [_numbers(), [_monitors()]]),
            Section("Over time", [[_history()], [_traffic(), _confidence()]]),
            Section("Alerts", [[_alerts()], [_past_alerts()]]),
        ],
    )


def _numbers() -> list[Panel]:
    return [
        stat(
            "Monitors",
            "ModelMonitors with at least one check.",
            latest(f"count(max {BY_MONITOR} ({_of(metrics.RUN_INTERVAL)}))", "monitors"),
        ),
        stat(
            "Drifting",
            "Monitors of which a check found drift in its last run.",
            latest(f"count({_SEVERITY} >= 1) or vector(0)", "monitors"),
            steps=ANY_IS_BAD,
            alert="ModelDriftDetected",
        ),
        stat(
            "Predictions a second",
            "Of all models together, mean of five minutes.",
            latest(f"sum({_of(TRAFFIC)})", "predictions"),
            unit="reqps",
        ),
        stat(
            "Firing alerts",
            "Alerts of models that fire now, of any severity; pending ones are not counted.",
            latest(f"count({_FIRING}) or vector(0)", "alerts"),
            steps=ANY_IS_BAD,
        ),
    ]


def _monitors() -> Panel:
    age = f"time() - max {BY_MONITOR} ({_of(metrics.RUN_LAST_SUCCESS)})"
    columns: tuple[tuple[str, str, str, Steps | None], ...] = (
        ("Predictions/s", f"max {BY_MONITOR} ({_of(TRAFFIC)})", "reqps", None),
        ("Errors", f"max {BY_MONITOR} ({_of(error_ratio('5m'))})", "percentunit", ERROR_STEPS),
        ("p95", f"max {BY_MONITOR} ({_of(LATENCY_P95)})", "s", LATENCY_STEPS),
        ("Confidence", f"min {BY_MONITOR} ({_of(CONFIDENCE_1H)})", "percentunit", CONFIDENCE_STEPS),
        ("Low confidence", f"max {BY_MONITOR} ({_of(LOW_CONFIDENCE)})", "percentunit", LOW_SHARE_STEPS),
        ("Drift", _SEVERITY, "none", ((None, "green"), (1, "yellow"), (2, "red"))),
        ("Last run", age, "s", None),
    )
    return table(
        "All monitors",
        "One row a monitor. Coloured cells break the guide's thresholds; an empty Drift has had no "
        "conclusive run.",
        *(latest_table(expr) for _, expr, _, _ in columns),
        transformations=_merged([name for name, *_ in columns]),
        overrides=(_link_to_the_model(), *(_column(name, unit, steps) for name, _, unit, steps in columns)),
        height=10,
    )


def _merged(names: list[str]) -> tuple[dict[str, Any], ...]:
    renamed = {f"Value #{letter}": name for letter, name in zip("ABCDEFGHIJ", names, strict=False)}
    labels = {"namespace": "Namespace", "modelmonitor": "Monitor"}
    return (
        {"id": "merge", "options": {}},
        {
            "id": "organize",
            "options": {"excludeByName": {"Time": True}, "renameByName": labels | renamed, "indexByName": {}},
        },
        {"id": "sortBy", "options": {"sort": [{"field": "Drift", "desc": True}]}},
    )


def _column(name: str, unit: str, steps: Steps | None) -> dict[str, Any]:
    properties: dict[str, Any] = {"unit": unit}
    if steps:
        properties["thresholds"] = {
            "mode": "absolute",
            "steps": [{"value": value, "color": color} for value, color in steps],
        }
        properties["custom_cellOptions"] = {"type": "color-background", "mode": "basic"}
    if name == "Drift":
        properties["mappings"] = value_mappings(SEVERITIES)
    return by_name(name, **properties)


def _link_to_the_model() -> dict[str, Any]:
    query = "var-namespace=${__data.fields.Namespace}&var-monitor=${__data.fields.Monitor}"
    # Both data sources go along: the next dashboard must not fall back to a default.
    sources = "${datasource:queryparam}&${pg:queryparam}&${__url_time_range}"
    return by_name("Monitor", links=[{"title": "Open the model", "url": f"/d/mm-model?{query}&{sources}"}])


def _history() -> Panel:
    return states(
        "Drift by monitor",
        "The worst severity among the checks of each monitor.",
        series(_SEVERITY, "{{namespace}}/{{modelmonitor}}"),
        unit="none",
        mappings=SEVERITIES,
        alert="ModelDriftPersistent",
    )


def _traffic() -> Panel:
    return lines(
        "Predictions",
        "Mean of five minutes, by monitor.",
        series(f"sum {BY_MONITOR} ({_of(TRAFFIC)})", "{{namespace}}/{{modelmonitor}}"),
        unit="reqps",
        alert="ModelTrafficStopped",
        width=12,
    )


def _confidence() -> Panel:
    return lines(
        "Mean confidence of an hour",
        "Of each monitor. A model may be wrong and sure: do not take a high value for accuracy.",
        series(f"min {BY_MONITOR} ({_of(CONFIDENCE_1H)})", "{{namespace}}/{{modelmonitor}}"),
        unit="percentunit",
        high=1,
        steps=CONFIDENCE_STEPS,
        thresholds="dashed",
        alert="ModelConfidenceLow",
        width=12,
    )


def _alerts() -> Panel:
    expr = f"max by (alertname, severity, namespace, modelmonitor, check, drift_type) ({_FIRING})"
    return table(
        "Alerts that fire now",
        "From Prometheus. Empty while nothing is wrong.",
        latest_table(expr),
        unit="none",
        transformations=({"id": "organize", "options": {"excludeByName": {"Time": True, "Value": True}}},),
        overrides=(_link_to_the_runbook(),),
        height=7,
    )


def _past_alerts() -> Panel:
    return table(
        "Alerts as they were delivered",
        "From the table monitoring_alerts, which the collector fills from Alertmanager's webhook.",
        sql(
            """SELECT starts_at AS "Started", ends_at AS "Ended", alertname, severity,
               labels->>'namespace' AS "Namespace", labels->>'modelmonitor' AS "Monitor",
               annotations->>'summary' AS "Summary"
               FROM monitoring_alerts WHERE $__timeFilter(starts_at)
               AND coalesce(labels->>'modelmonitor', '') ~ '^(${monitor:regex})$'
               AND coalesce(labels->>'namespace', '') ~ '^(${namespace:regex})$'
               ORDER BY starts_at DESC LIMIT 200"""
        ),
        unit="none",
        overrides=(_link_to_the_runbook(),),
    )


def _link_to_the_runbook() -> dict[str, Any]:
    link = {"title": "Runbook", "url": f"{RUNBOOKS}/${{__value.raw}}", "targetBlank": True}
    return by_name("alertname", links=[link])
