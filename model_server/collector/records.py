"""What lies in the collector's spool: one letter for the kind, then JSON."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from model_server.collector.alert_webhook import AlertNews
from modelmonitor.store.alerts import Alert
from modelmonitor.store.events import EventHalf, UnreadableBody
from modelmonitor.store.feedback import Feedback

# Names the format in the head of each spool file, so that another version knows it is not its own.
COLUMNS: Final = ("collector_record_v1",)
_HALF, _UNREADABLE, _LABEL, _ALERT = b"h", b"u", b"l", b"a"

Record = EventHalf | UnreadableBody | Feedback | AlertNews


@dataclass(frozen=True, slots=True)
class Sorted:
    """Records by kind, each kind in the order of writing."""

    halves: tuple[EventHalf, ...]
    unreadable: tuple[UnreadableBody, ...]
    labels: tuple[Feedback, ...]
    alerts: tuple[AlertNews, ...]


def encode(record: Record) -> bytes:
    """A record as it is spooled."""
    if isinstance(record, EventHalf):
        return _HALF + orjson.dumps(_half_fields(record))
    if isinstance(record, Feedback):
        fields: list[Any] = [record.prediction_id.hex, record.label, record.labelled_at, record.source]
        return _LABEL + orjson.dumps(fields)
    if isinstance(record, AlertNews):
        alert = record.alert
        fields = [alert.fingerprint, alert.starts_at, alert.alertname, alert.severity]
        return _ALERT + orjson.dumps([*fields, alert.labels, alert.annotations, record.ends_at])
    return _UNREADABLE + orjson.dumps(_unreadable_fields(record))


def decode(rows: Sequence[bytes]) -> Sorted:
    """Records by kind."""
    by_kind: dict[bytes, list[list[Any]]] = {kind: [] for kind in (_HALF, _UNREADABLE, _LABEL, _ALERT)}
    for row in rows:
        by_kind[row[:1]].append(orjson.loads(row[1:]))
    return Sorted(
        tuple(map(_half, by_kind[_HALF])),
        tuple(map(_unreadable, by_kind[_UNREADABLE])),
        tuple(map(_label, by_kind[_LABEL])),
        tuple(map(_alert, by_kind[_ALERT])),
    )


def _half_fields(half: EventHalf) -> list[Any]:
    names = [half.kind, half.event_id, half.deployment_id, half.component]
    return [half.key.hex, *names, half.happened_at, half.content]


def _half(fields: list[Any]) -> EventHalf:
    key, kind, event_id, deployment_id, component, happened_at, content = fields
    moment = datetime.fromisoformat(happened_at)
    return EventHalf(uuid.UUID(hex=key), kind, event_id, deployment_id, component, moment, content)


def _unreadable_fields(body: UnreadableBody) -> list[Any]:
    names = [body.kind, body.sha256.hex(), body.event_id, body.deployment_id, body.reason, body.content_type]
    # Latin-1 takes every byte as one letter, and is a third shorter than base64 for what is mostly text.
    text = None if body.body is None else body.body.decode("latin-1")
    return [body.key.hex, *names, body.body_bytes, text, body.received_at]


def _unreadable(fields: list[Any]) -> UnreadableBody:
    key, kind, sha256, event_id, deployment_id, reason, content_type, size, text, received_at = fields
    return UnreadableBody(
        key=uuid.UUID(hex=key),
        kind=kind,
        sha256=bytes.fromhex(sha256),
        event_id=event_id,
        deployment_id=deployment_id,
        reason=reason,
        content_type=content_type,
        body_bytes=size,
        body=None if text is None else text.encode("latin-1"),
        received_at=datetime.fromisoformat(received_at),
    )


def _label(fields: list[Any]) -> Feedback:
    prediction_id, label, labelled_at, source = fields
    return Feedback(uuid.UUID(hex=prediction_id), label, datetime.fromisoformat(labelled_at), source)


def _alert(fields: list[Any]) -> AlertNews:
    fingerprint, starts_at, alertname, severity, labels, annotations, ends_at = fields
    started = datetime.fromisoformat(starts_at)
    alert = Alert(fingerprint, started, alertname, severity, labels, annotations)
    return AlertNews(alert, datetime.fromisoformat(ends_at) if ends_at else None)
