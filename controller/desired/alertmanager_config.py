"""The AlertmanagerConfig of a monitor whose spec names receivers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.desired.metadata import child
from controller.manifest import ALERTMANAGER_CONFIG, Desired
from modelmonitor.api.alerts import AlertSeverity, Notify
from modelmonitor.api.secrets import SecretKey
from modelmonitor.api.v1alpha1 import ModelMonitor

RECEIVER: Final = "modelmonitor"
_FROM: Final[Mapping[AlertSeverity, str]] = {
    "info": "info|warning|critical",
    "warning": "warning|critical",
    "critical": "critical",
}


def alertmanager_config(monitor: ModelMonitor, notify: Notify) -> Desired:
    """The monitor's alerts go to its receivers; while the target is down, its other alerts are quiet."""
    own = _matcher("modelmonitor", monitor.metadata.name)
    spec = {
        "route": {
            "receiver": RECEIVER,
            "groupBy": ["namespace", "modelmonitor", "alertname"],
            "groupWait": "30s",
            "groupInterval": "5m",
            "repeatInterval": "12h",
            "matchers": [own, _matcher("severity", _FROM[notify.min_severity], "=~")],
        },
        "receivers": [_receiver(notify)],
        "inhibitRules": [
            {
                "sourceMatch": [_matcher("alertname", "ModelTargetDown"), own],
                "targetMatch": [_matcher("alertname", "ModelTargetDown", "!="), own],
                "equal": ["namespace", "modelmonitor"],
            }
        ],
    }
    return child(ALERTMANAGER_CONFIG, monitor, body={"spec": spec})


def _matcher(name: str, value: str, match_type: str = "=") -> dict[str, str]:
    return {"name": name, "value": value, "matchType": match_type}


def _receiver(notify: Notify) -> dict[str, Any]:
    receiver: dict[str, Any] = {"name": RECEIVER}
    if notify.slack is not None:
        address = _secret(notify.slack.webhook)
        receiver["slackConfigs"] = [
            {"apiURL": address, "channel": notify.slack.channel, "sendResolved": True}
        ]
    if notify.email is not None:
        receiver["emailConfigs"] = [{"to": notify.email.to, "sendResolved": True}]
    if notify.webhook is not None:
        receiver["webhookConfigs"] = [{"urlSecret": _secret(notify.webhook), "sendResolved": True}]
    return receiver


def _secret(key: SecretKey) -> dict[str, str]:
    return {"name": key.secret_name, "key": key.key}
