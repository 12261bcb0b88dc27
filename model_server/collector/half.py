"""From an event to what is kept of it: texts by the privacy policy, answers, unreadable bodies."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from model_server.collector.answer import Answer, NoAnswer
from model_server.collector.asked import asked_texts
from model_server.collector.envelope import MAX_NAME_CHARS, Envelope
from model_server.collector.errors import InvalidRequest
from model_server.collector.event_ids import event_key
from model_server.collector.inference_json import NotInference, inference_object
from model_server.collector.replied import replied_answers, replied_version
from model_server.prediction_log import InputText, logged_text
from model_server.segment import NO_SEGMENT, SEGMENT_HEADER, parse_segment
from modelmonitor.store.copyformat import storable
from modelmonitor.store.events import EventHalf, UnreadableBody

# Enough to see what it is; whole images would fill the database.
KEPT_BODY_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class EventPolicy:
    """How events are read and what is kept of them; the fields are those of the settings."""

    input_text: InputText
    max_text_chars: int
    max_bytes: int
    deployment_ids: Literal["name", "namespace/name"]
    deployment_id: str
    classes: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ReadEvent:
    """An event as it is made durable; `unreadable` is set when its body could not be read."""

    half: EventHalf
    unreadable: UnreadableBody | None


def read_event(envelope: Envelope, policy: EventPolicy, *, now: datetime) -> ReadEvent:
    """What is kept of an event.

    Raises:
        InvalidRequest: it does not say whose it is.
    """
    deployment = _deployment(envelope, policy)
    try:
        content, reason = _content(envelope, policy, deployment=deployment), ""
    except (NotInference, NoAnswer) as problem:
        content, reason = {}, str(problem)
    half = EventHalf(
        key=event_key(
            envelope.namespace, envelope.service, component=envelope.component, event_id=envelope.event_id
        ),
        kind=envelope.kind,
        event_id=envelope.event_id,
        deployment_id=deployment,
        component=envelope.component,
        happened_at=envelope.happened_at,
        content=content,
    )
    return ReadEvent(
        half, _unreadable(envelope, half, reason=reason, policy=policy, now=now) if reason else None
    )


def _deployment(envelope: Envelope, policy: EventPolicy) -> str:
    if not envelope.service:
        if not policy.deployment_id:
            raise InvalidRequest(
                "the event names no InferenceService; send the CloudEvents attribute inferenceservicename, "
                "or set MM_COLLECTOR_DEPLOYMENT_ID."
            )
        return policy.deployment_id
    if policy.deployment_ids == "name" or not envelope.namespace:
        return envelope.service
    return f"{envelope.namespace}/{envelope.service}"


def _content(envelope: Envelope, policy: EventPolicy, *, deployment: str) -> dict[str, Any]:
    body = inference_object(envelope.body, json_length=envelope.json_length, max_bytes=policy.max_bytes)
    if envelope.kind == "request":
        texts = [_kept(text, policy) for text in asked_texts(body)]
        return {"texts": texts, "segment": dict(_segment(envelope.metadata))}
    answers = replied_answers(body, policy.classes.get(deployment, ()))
    return {"answers": [_packed(answer) for answer in answers], "version": _version(body, envelope)}


def _kept(text: str | None, policy: EventPolicy) -> str | None:
    if text is None:
        return None
    kept = logged_text(text, policy=policy.input_text)
    return None if kept is None else storable(kept[: policy.max_text_chars])


def _segment(metadata: Mapping[str, str]) -> Mapping[str, str]:
    try:
        return parse_segment(metadata.get(SEGMENT_HEADER))
    except InvalidRequest:
        # The model answered long ago: a prediction without segment is worth more than none.
        return NO_SEGMENT


def _version(body: Mapping[str, Any], envelope: Envelope) -> str:
    return storable(replied_version(body) or envelope.metadata.get("x-model-version", ""))[:MAX_NAME_CHARS]


def _packed(answer: Answer) -> list[Any]:
    given = None if answer.prediction_id is None else str(answer.prediction_id)
    return [answer.label, answer.confidence, list(answer.probabilities), given]


def _unreadable(
    envelope: Envelope, half: EventHalf, *, reason: str, policy: EventPolicy, now: datetime
) -> UnreadableBody:
    # The body of a structured event that is a JSON value was read; that it is of no known shape says enough.
    body = envelope.body if isinstance(envelope.body, bytes) else b""
    return UnreadableBody(
        key=half.key,
        kind=half.kind,
        sha256=hashlib.sha256(body).digest(),
        event_id=half.event_id,
        deployment_id=half.deployment_id,
        reason=reason,
        content_type=storable(envelope.content_type),
        body_bytes=len(body),
        # A reply may repeat its input, so the policy holds for both.
        body=body[:KEPT_BODY_BYTES] if policy.input_text == "store" else None,
        received_at=now,
    )
