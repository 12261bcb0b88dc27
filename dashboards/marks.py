"""Marks on the time axis: drift that a run found, alerts, and a change of the model."""

# ruff: noqa: S608 - every part of the SQL is text of this package; Grafana quotes the variables

from __future__ import annotations

from typing import Any, Final

from dashboards.scope import POSTGRES, PROMETHEUS, Scope
from modelmonitor import metrics

_FIRING: Final = 'alertstate="firing"'


def marks(scope: Scope) -> list[dict[str, Any]]:
    """What every dashboard marks."""
    return [
        _drift(scope),
        _from_prometheus(
            "Alerts",
            f"max by (alertname, severity, namespace, modelmonitor) ({scope.of('ALERTS', _FIRING)})",
            color="orange",
            title="{{alertname}} ({{severity}}) of {{modelmonitor}}",
        ),
        _from_prometheus(
            "New model version",
            f"{_versions(scope)} unless {_versions(scope, offset=' offset 5m')}",
            color="blue",
            title="{{modelmonitor}} serves version {{version}}",
        ),
    ]


def _versions(scope: Scope, *, offset: str = "") -> str:
    return f"max by (namespace, modelmonitor, version) ({scope.of(metrics.MODEL_INFO)}{offset})"


def _drift(scope: Scope) -> dict[str, Any]:
    query = (
        "SELECT created_at AS time, monitor || '/' || check_name || ': ' || reason AS text,"
        f" drift_type || ',' || severity AS tags FROM drift_results WHERE $__timeFilter(created_at)"
        f" AND is_drift_detected AND segment = '' AND {scope.monitor_rows} ORDER BY 1 DESC LIMIT 200"
    )
    target = {"rawSql": query, "format": "table", "rawQuery": True, "refId": "Anno", "editorMode": "code"}
    return _annotation("Drift", POSTGRES, color="red") | {"target": target, "rawQuery": query}


def _from_prometheus(name: str, expr: str, *, color: str, title: str) -> dict[str, Any]:
    return _annotation(name, PROMETHEUS, color=color) | {"expr": expr, "titleFormat": title, "step": "60s"}


def _annotation(name: str, source: dict[str, str], *, color: str) -> dict[str, Any]:
    return {"name": name, "datasource": source, "enable": True, "hide": False, "iconColor": color}
