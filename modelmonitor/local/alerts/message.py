"""Messages in the format of Alertmanager's webhook, version 4."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from modelmonitor.local.alerts.lifecycle import AlertState

# What Alertmanager sends as the end of an alert that fires.
_NOT_ENDED: Final = "0001-01-01T00:00:00Z"
_COMMON: Final = ("namespace", "modelmonitor")


def message(news: Sequence[AlertState], *, source: str) -> dict[str, Any]:
    """One message about some alerts of one monitor.

    Args:
        news: firing and resolved alerts, at least one.
        source: address that people may open, here the predictor's metrics.
    """
    labels = {name: news[0].labels[name] for name in _COMMON if name in news[0].labels}
    firing = any(each.resolved_at is None for each in news)
    return {
        "version": "4",
        "groupKey": "{}/{}:" + "{" + ", ".join(f'{name}="{value}"' for name, value in labels.items()) + "}",
        "truncatedAlerts": 0,
        "status": "firing" if firing else "resolved",
        "receiver": "modelmonitor-local",
        "groupLabels": labels,
        "commonLabels": labels,
        "commonAnnotations": {},
        "externalURL": source,
        "alerts": [_alert(each, source=source) for each in news],
    }


def _alert(state: AlertState, *, source: str) -> dict[str, Any]:
    alert = state.alert
    return {
        "status": "firing" if state.resolved_at is None else "resolved",
        "labels": dict(alert.labels),
        "annotations": dict(alert.annotations),
        "startsAt": _utc(alert.starts_at),
        "endsAt": _NOT_ENDED if state.resolved_at is None else _utc(state.resolved_at),
        "generatorURL": source,
        "fingerprint": alert.fingerprint,
    }


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
