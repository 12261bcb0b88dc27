"""Alertmanager's webhook, version 4, as alerts of the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from model_server.admission import json_kind
from model_server.collector.errors import InvalidRequest
from model_server.collector.json_value import Json
from model_server.json_text import parse_json
from modelmonitor.store.alerts import Alert
from modelmonitor.store.copyformat import storable

_VERSION: Final = "4"
_STATES: Final = ("firing", "resolved")


@dataclass(frozen=True, slots=True)
class AlertNews:
    """An alert and when it was resolved; it fires while `ends_at` is None."""

    alert: Alert
    ends_at: datetime | None


def read_webhook(body: bytes) -> list[AlertNews]:
    """The alerts of one message.

    Raises:
        InvalidRequest: it is no message of version 4; the sentence names the field.
    """
    message = parse_json(body)
    if not isinstance(message, dict) or message.get("version") != _VERSION:
        raise InvalidRequest(
            f'the body is no message of Alertmanager\'s webhook; its "version" must be "{_VERSION}".'
        )
    alerts = message.get("alerts")
    if not isinstance(alerts, list):
        raise InvalidRequest(f'the field "alerts" must be a list, got {json_kind(alerts)}.')
    return [_news(entry, place=f"alerts[{number}]") for number, entry in enumerate(alerts)]


def _news(entry: Json, *, place: str) -> AlertNews:
    if not isinstance(entry, dict):
        raise InvalidRequest(f"{place} must be an object, got {json_kind(entry)}.")
    state = entry.get("status")
    if state not in _STATES:
        raise InvalidRequest(f"{place}.status must be firing or resolved.")
    labels = _strings(entry, "labels", place=place)
    fingerprint = entry.get("fingerprint")
    if not isinstance(fingerprint, str) or not fingerprint:
        raise InvalidRequest(
            f"{place}.fingerprint must be a string; Alertmanager sends it since version 0.20."
        )
    alert = Alert(
        fingerprint=storable(fingerprint),
        starts_at=_time(entry, "startsAt", place=place),
        alertname=labels.get("alertname", ""),
        severity=labels.get("severity", ""),
        labels=labels,
        annotations=_strings(entry, "annotations", place=place),
    )
    return AlertNews(alert, _time(entry, "endsAt", place=place) if state == "resolved" else None)


def _strings(entry: Mapping[str, Any], name: str, *, place: str) -> Mapping[str, str]:
    members = entry.get(name, {})
    if not isinstance(members, dict) or not all(isinstance(value, str) for value in members.values()):
        raise InvalidRequest(f"{place}.{name} must be an object of strings.")
    return {storable(key): storable(value) for key, value in members.items()}


def _time(entry: Mapping[str, Any], name: str, *, place: str) -> datetime:
    value = entry.get(name)
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidRequest(f"{place}.{name} must be a time like 2026-03-01T12:00:00Z.")
    return moment
