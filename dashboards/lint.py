"""What must hold of every dashboard; no Grafana is needed to tell.

The rules come from faults that Grafana does not report: it draws an empty panel instead.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

from dashboards.dashboard import SCHEMA_VERSION
from modelmonitor import metrics
from modelmonitor.rules import recording
from modelmonitor.rules.groups import alert_names

Json = Mapping[str, Any]
_COLUMNS: Final = 24
# A ConfigMap may hold 1 MiB, and one of them a dashboard.
MOST_BYTES: Final = 1024 * 1024 - 64 * 1024
_VARIABLE: Final = re.compile(r"^\$\{(datasource|pg)\}$")
_NAME: Final = re.compile(r"\b([a-zA-Z_:][a-zA-Z0-9_:]*)(?=\{|\[|\)| offset|$)")
_RATE_WINDOW: Final = re.compile(r"\b(?:rate|increase)\([^\[]*\[([^\]]*)\]")
_WINDOWS: Final = {"$__rate_interval", "$__range"}
_OF_PROMETHEUS: Final = {"up", "ALERTS"}


def problems(dashboards: Sequence[Json]) -> list[str]:
    """Every broken rule as a sentence that names dashboard and panel; empty if all is well."""
    found = [f"two dashboards have the uid {uid}" for uid in _repeated(each["uid"] for each in dashboards)]
    found += [
        f"two dashboards have the title {title}" for title in _repeated(each["title"] for each in dashboards)
    ]
    for dashboard in dashboards:
        found += [f"{dashboard['uid']}: {sentence}" for sentence in _of_dashboard(dashboard)]
        for panel in dashboard["panels"]:
            place = f"{dashboard['uid']}: {panel.get('title') or panel['id']}"
            found += [f"{place}: {sentence}" for sentence in _of_panel(panel)]
    return found


def _of_dashboard(dashboard: Json) -> Iterator[str]:
    if {"elements", "layout", "spec", "kind"} & dashboard.keys():
        yield "is in the schema of version 2, which file provisioning refuses"
    if dashboard["schemaVersion"] > SCHEMA_VERSION:
        yield f"schemaVersion is above {SCHEMA_VERSION}"
    if "id" in dashboard:
        yield "has an id of one Grafana; only the uid may be fixed"
    if len(json.dumps(dashboard)) > MOST_BYTES:
        yield "does not fit a ConfigMap"
    names = {variable["name"] for variable in dashboard["templating"]["list"]}
    for wanted in ("datasource", "pg", "namespace", "monitor"):
        if wanted not in names:
            yield f"has no variable {wanted}"
    for number in _repeated(panel["id"] for panel in dashboard["panels"]):
        yield f"two panels have the id {number}"
    for title in _repeated(panel["title"] for panel in dashboard["panels"]):
        yield f"two panels have the title {title}"
    yield from _overlaps(dashboard["panels"])
    yield from _sources(dashboard)


def _overlaps(panels: Iterable[Json]) -> Iterator[str]:
    placed = [(panel["title"], panel["gridPos"]) for panel in panels]
    for title, at in placed:
        if at["x"] < 0 or at["x"] + at["w"] > _COLUMNS:
            yield f"{title} leaves the {_COLUMNS} columns"
    for (one, a), (other, b) in combinations(placed, 2):
        if (
            a["x"] < b["x"] + b["w"]
            and b["x"] < a["x"] + a["w"]
            and a["y"] < b["y"] + b["h"]
            and b["y"] < a["y"] + a["h"]
        ):
            yield f"{one} and {other} overlap"


def _sources(value: object) -> Iterator[str]:
    """Data sources anywhere in it that are not a variable."""
    if isinstance(value, Mapping):
        source = value.get("datasource")
        if source is not None and not (
            isinstance(source, Mapping) and _VARIABLE.match(str(source.get("uid")))
        ):
            yield f"names a data source instead of a variable: {source}"
        for part in value.values():
            yield from _sources(part)
    elif isinstance(value, list):
        for part in value:
            yield from _sources(part)


def _of_panel(panel: Json) -> Iterator[str]:
    if not panel.get("title"):
        yield "has no title"
    if panel["type"] == "row":
        return
    if not panel.get("description"):
        yield "has no description"
    defaults = panel["fieldConfig"]["defaults"]
    if not defaults.get("unit"):
        yield "has no unit"
    values = [step["value"] for step in defaults["thresholds"]["steps"]]
    if values[0] is not None or values[1:] != sorted(values[1:]):
        yield "has thresholds out of order"
    if not panel["targets"]:
        yield "asks nothing"
    for target in panel["targets"]:
        yield from _of_target(target)
    for link in panel["links"]:
        alert = link["url"].rsplit("/", 1)[-1]
        if "Runbook" in link["title"] and alert not in alert_names():
            yield f"links the runbook of {alert}, which is no alert"


def _of_target(target: Json) -> Iterator[str]:
    if "expr" in target:
        yield from _of_promql(target["expr"])
    elif not re.search(r"\$__time(Filter|From)|pg_class", target["rawSql"]):
        yield f"query {target['refId']} reads all times"


def _of_promql(expr: str) -> Iterator[str]:
    names = metric_names(expr)
    if unknown := names - known_names():
        yield f"asks for {', '.join(sorted(unknown))}, which nothing exposes"
    absent = [name for name in ("$namespace", "$monitor") if name not in expr]
    if absent and not names <= _OF_INSTALLATION:
        yield f"does not use {', '.join(absent)}: {expr}"
    for window in _RATE_WINDOW.findall(expr):
        if window not in _WINDOWS:
            yield f"has a fixed window {window}; write $__rate_interval: {expr}"
    if "histogram_quantile" in expr and not re.search(r"by \([^)]*\ble\b", expr) and ":" not in expr:
        yield f"takes a quantile without le: {expr}"
    if re.search(r"avg_over_time\([^)]*_(sum|count|bucket|total)\b", expr):
        yield f"averages a counter, which is its mean since the process began: {expr}"
    if re.search(r"\brate\(\s*sum", expr):
        yield f"takes the rate of a sum, which sees no restart: {expr}"


def metric_names(expr: str) -> set[str]:
    """Names of metrics in PromQL: what stands before a selector, a window, a closing bracket or the end."""
    bare = re.sub(r'"[^"]*"', '""', expr)
    bare = re.sub(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)", " ", bare)
    return {name for name in _NAME.findall(bare) if re.search("[:_]", name) or name in _OF_PROMETHEUS}


def _repeated(values: Iterable[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def known_names() -> set[str]:
    """Every series that the system exposes or records."""
    exposed = (*metrics.PREDICTOR_METRICS, *metrics.OPERATOR_METRICS, *metrics.COLLECTOR_METRICS)
    parts = {
        f"{metric.name}{part}"
        for metric in exposed
        if metric.kind == "histogram"
        for part in ("_bucket", "_sum", "_count")
    }
    recorded = {value for name, value in vars(recording).items() if name.isupper() and isinstance(value, str)}
    ratios = {recording.error_ratio(window) for window in recording.ERROR_WINDOWS}
    return {metric.name for metric in exposed} | parts | recorded | ratios | _OF_PROMETHEUS


# Of operator and collector as a whole, so of no monitor; what predictors expose too is theirs.
_OF_INSTALLATION: Final = {
    name
    for metric in (*metrics.OPERATOR_METRICS, *metrics.COLLECTOR_METRICS)
    if "modelmonitor" not in metric.labels and metric not in metrics.PREDICTOR_METRICS
    for name in (metric.name, f"{metric.name}_bucket")
}
