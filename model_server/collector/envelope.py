"""CloudEvents 1.0 over HTTP as KServe's logger sends them: binary mode, structured mode and batches."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import unquote

import orjson

from model_server.collector.errors import InvalidRequest
from model_server.collector.json_value import Json
from model_server.json_text import parse_json
from modelmonitor.store.copyformat import storable
from modelmonitor.store.events import Kind

STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON_LENGTH: Final = "inference-header-content-length"
MAX_NAME_CHARS: Final = 512
DEFAULT_COMPONENT: Final = "predictor"
_EVENT: Final = "the CloudEvent"
_KINDS: Final[tuple[Kind, ...]] = ("request", "response")


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event before its body is read.

    Attributes:
        event_id: the same for request and response.
        kind: request or response.
        namespace: of the InferenceService; may be empty.
        service: name of the InferenceService; empty if the sender names none.
        component: predictor, transformer or explainer.
        happened_at: when it was sent; the time of receipt if the event does not tell.
        metadata: headers of the inference request that the logger was told to pass on, lower case.
        json_length: bytes of JSON at the beginning of a V2 body with raw tensors, if the sender says so.
        content_type: of the body, as declared.
        body: the inference request or response; bytes, or a JSON value that was part of a structured event.
    """

    event_id: str
    kind: Kind
    namespace: str
    service: str
    component: str
    happened_at: datetime
    metadata: Mapping[str, str]
    json_length: str | None
    content_type: str
    body: Json


def envelopes(headers: Mapping[str, str], body: bytes, *, now: datetime) -> Sequence[Envelope]:
    """The events of one HTTP request.

    Args:
        headers: by lower-case name.
        body: unpacked.
        now: time of receipt.

    Raises:
        InvalidRequest: what came is no CloudEvent, or not of an inference; the sentence names the attribute.
    """
    content_type = headers.get("content-type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind == STRUCTURED:
        return [_structured(parse_json(body, what=_EVENT), headers, now=now)]
    if kind == BATCH:
        events = parse_json(body, what=_EVENT)
        if not isinstance(events, list):
            raise InvalidRequest("a batch of CloudEvents must be a JSON list; send [{…}, {…}].")
        return [_structured(event, headers, now=now) for event in events]
    return [
        _envelope(lambda name: _header(headers, name), headers, now=now, content_type=content_type, body=body)
    ]


def _header(headers: Mapping[str, str], name: str) -> str | None:
    value = headers.get(f"ce-{name}")
    # CloudEvents, HTTP binding 3.1.3.2: values are percent-encoded.
    return unquote(value) if value and "%" in value else value


def _structured(event: object, headers: Mapping[str, str], *, now: datetime) -> Envelope:
    if not isinstance(event, dict):
        raise InvalidRequest("a CloudEvent in structured mode must be a JSON object with id, type and data.")
    content_type = event.get("datacontenttype")
    return _envelope(
        lambda name: _attribute(event, name),
        headers,
        now=now,
        content_type=content_type if isinstance(content_type, str) else "application/json",
        body=_data(event),
    )


def _attribute(event: Mapping[str, Any], name: str) -> str | None:
    value = event.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return orjson.dumps(value).decode()
    raise InvalidRequest(f'the attribute "{name}" of the CloudEvent must be a string.')


def _data(event: Mapping[str, Any]) -> Json:
    encoded = event.get("data_base64")
    if encoded is None:
        return event.get("data", b"")
    try:
        return base64.b64decode(encoded, validate=True)
    except (TypeError, ValueError, binascii.Error):
        raise InvalidRequest('the attribute "data_base64" of the CloudEvent is not base64.') from None


def _envelope(
    attribute: Callable[[str], str | None],
    headers: Mapping[str, str],
    *,
    now: datetime,
    content_type: str,
    body: Json,
) -> Envelope:
    metadata = _metadata(attribute("metadata"))
    return Envelope(
        event_id=_required(attribute, "id"),
        kind=_kind(_required(attribute, "type")),
        namespace=_short(attribute("namespace")),
        service=_short(attribute("inferenceservicename")),
        component=_short(attribute("component")) or DEFAULT_COMPONENT,
        happened_at=_time(attribute("time"), now=now),
        metadata=metadata,
        json_length=headers.get(JSON_LENGTH) or metadata.get(JSON_LENGTH),
        content_type=content_type[:MAX_NAME_CHARS],
        body=body,
    )


def _required(attribute: Callable[[str], str | None], name: str) -> str:
    value = attribute(name)
    if not value:
        msg = (
            f'the request has no CloudEvents attribute "{name}"; send the header ce-{name} (binary mode), or '
            f"the content type {STRUCTURED} with a field {name} (structured mode)."
        )
        raise InvalidRequest(msg)
    if len(value) > MAX_NAME_CHARS:
        msg = f'the CloudEvents attribute "{name}" is longer than {MAX_NAME_CHARS} characters; shorten it.'
        raise InvalidRequest(msg)
    return storable(value)


def _kind(event_type: str) -> Kind:
    for kind in _KINDS:
        if event_type.endswith(f"inference.{kind}"):
            return kind
    msg = (
        "the CloudEvent is not of an inference; its type must be org.kubeflow.serving.inference.request or "
        "org.kubeflow.serving.inference.response."
    )
    raise InvalidRequest(msg)


def _short(value: str | None) -> str:
    return storable(value)[:MAX_NAME_CHARS] if value else ""


def _time(value: str | None, *, now: datetime) -> datetime:
    if not value:
        return now
    try:
        moment = datetime.fromisoformat(value)
        # Also what lies outside of the years that UTC can express.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return now


def _metadata(value: str | None) -> Mapping[str, str]:
    """Headers as KServe passes them on: a JSON object whose values are lists of strings."""
    if not value:
        return {}
    try:
        members = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    if not isinstance(members, dict):
        return {}
    first = {
        name.lower(): each[0] if isinstance(each, list) and each else each for name, each in members.items()
    }
    return {name: each for name, each in first.items() if isinstance(each, str)}
