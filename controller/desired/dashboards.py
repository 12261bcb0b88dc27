"""Grafana dashboards of a monitor: those of the installation, opened on this monitor."""

from __future__ import annotations

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from controller.desired.defaults import Defaults
from controller.desired.metadata import child
from controller.desired.names import dashboards_name
from controller.manifest import CONFIG_MAP, Desired, Plan
from modelmonitor.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition_of
from modelmonitor.api.v1alpha1 import ModelMonitor

FOLDER_ANNOTATION: Final = "grafana_folder"
_FOLDER: Final = "Models"


def dashboards(monitor: ModelMonitor, defaults: Defaults) -> Desired | None:
    """The ConfigMap that Grafana's sidecar loads; None where the installation has no dashboards."""
    if not defaults.dashboards:
        return None
    data = {name: _of_monitor(monitor, model) for name, model in sorted(defaults.dashboards.items())}
    return child(
        CONFIG_MAP,
        monitor,
        body={"data": data},
        name=dashboards_name(monitor.metadata.name),
        labels=defaults.dashboard_labels,
        annotations={FOLDER_ANNOTATION: _FOLDER},
    )


def dashboards_ready(monitor: ModelMonitor, plan: Plan) -> Condition:
    """True where the ConfigMap is planned; whether Grafana loaded it, the operator cannot know."""
    name = dashboards_name(monitor.metadata.name)
    if any(each.kind == CONFIG_MAP and each.name == name for each in plan.objects):
        return _condition("True", Reason.DASHBOARDS_APPLIED, f"ConfigMap {name} holds the dashboards.")
    sentence = (
        "The operator was given no dashboards (MM_OPERATOR_DASHBOARDS); shared ones show this monitor too."
    )
    return _condition("False", Reason.GRAFANA_OFF, sentence)


def _of_monitor(monitor: ModelMonitor, model: Mapping[str, Any]) -> str:
    own = {"namespace": monitor.namespace, "modelmonitor": monitor.metadata.name}
    title = f"{model.get('title', 'Model')} · {own['namespace']}/{own['modelmonitor']}"
    # Grafana tells dashboards apart by uid, of at most 40 characters.
    uid = sha256(f"{own['namespace']}/{own['modelmonitor']}/{model.get('uid', title)}".encode()).hexdigest()
    variables = [_chosen(each, own) for each in (model.get("templating") or {}).get("list") or []]
    changed = {**model, "id": None, "uid": uid[:40], "title": title, "templating": {"list": variables}}
    return json.dumps(changed, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _chosen(variable: Mapping[str, Any], own: Mapping[str, str]) -> dict[str, Any]:
    value = own.get(str(variable.get("name", "")))
    if value is None:
        return dict(variable)
    return {**variable, "current": {"selected": True, "text": value, "value": value}}


def _condition(status: ConditionStatus, reason: Reason, message: str) -> Condition:
    return condition_of(ConditionType.DASHBOARDS_READY, status, reason, message)
