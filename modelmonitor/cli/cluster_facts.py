"""What the status of a ModelMonitor says, and which alerts are its own: values in, lines out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from modelmonitor.cli.model import AlertLine, CheckLine
from modelmonitor.cli.sources.prometheus import FiringAlert

# What these conditions mean where they are not as they should be.
_GOOD: Final = {
    "Ready": "True",
    "TargetReachable": "True",
    "ReferenceReady": "True",
    "RulesLoaded": "True",
    "CaptureReady": "True",
    "DashboardsReady": "True",
    "Degraded": "False",
    "RetrainRecommended": "False",
}


def check_lines_of(found: Mapping[str, Any]) -> tuple[CheckLine, ...]:
    """The checks in the status of an object of the cluster."""
    status = found.get("status") or {}
    return tuple(_check(each) for each in status.get("checks", ()))


def report_of(found: Mapping[str, Any], check: str) -> str:
    """Where the report of a check's last run is; empty if nowhere."""
    entries = (found.get("status") or {}).get("checks", ())
    return next((str(each.get("report") or "") for each in entries if each["name"] == check), "")


def notes_of(found: Mapping[str, Any]) -> tuple[str, ...]:
    """A sentence for each condition that is not as it should be."""
    conditions = (found.get("status") or {}).get("conditions", ())
    return tuple(
        f"{each['type']} is {each['status']} ({each.get('reason', '')}): {each.get('message', '')}"
        for each in conditions
        if _GOOD.get(each["type"], each["status"]) != each["status"] and each["status"] != "Unknown"
    )


def alert_lines_of(told: Iterable[FiringAlert], *, monitor: str, namespace: str) -> tuple[AlertLine, ...]:
    """The alerts of a monitor, each once with its first start, whoever told of it."""
    lines: dict[tuple[str, str, str], AlertLine] = {}
    for alert in told:
        if not _is_of(alert, monitor, namespace):
            continue
        key = (alert.name, alert.severity, alert.labels.get("check", ""))
        known = lines.get(key)
        if known is None or alert.since < known.since:
            lines[key] = AlertLine(alert.name, alert.severity, alert.since, alert.summary)
    return tuple(lines.values())


def _is_of(alert: FiringAlert, monitor: str, namespace: str) -> bool:
    # An alert without these labels is of the whole system: everybody should see it.
    named = alert.labels.get("modelmonitor", monitor)
    spaced = alert.labels.get("namespace", namespace)
    return named == monitor and (not namespace or spaced == namespace)


def _check(entry: Mapping[str, Any]) -> CheckLine:
    effect = entry.get("effect") or {}
    return CheckLine(
        name=entry["name"],
        type=entry.get("type", ""),
        verdict=entry.get("verdict", ""),
        severity=entry.get("severity") or "none",
        detector=entry.get("detector", ""),
        p_value=_number(entry.get("pValue")),
        level=_number(entry.get("threshold")),
        effect=_number(effect.get("value")),
        effect_threshold=_number(effect.get("warning")),
        rows=entry.get("rows"),
        at=_time(entry.get("lastRunTime")),
        reason=entry.get("message") or entry.get("reason") or "",
    )


def _number(text: str | None) -> float | None:
    return None if text is None else float(text)


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
