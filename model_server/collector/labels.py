"""One label as it is sent, checked field by field."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from difflib import get_close_matches
from typing import Any, Final

from model_server.admission import json_kind
from model_server.collector.envelope import DEFAULT_COMPONENT, MAX_NAME_CHARS
from model_server.collector.errors import InvalidLabels, InvalidRequest
from model_server.collector.event_ids import prediction_id
from model_server.collector.json_value import Json
from modelmonitor.store.feedback import Feedback

FIELDS: Final = (
    "prediction_id",
    "label",
    "labelled_at",
    "source",
    "event_id",
    "deployment_id",
    "index",
    "component",
)
DEFAULT_SOURCE: Final = "feedback"
# A label of the future would count more than all that come until then.
_CLOCK_TOLERANCE: Final = timedelta(hours=1)
_MAX_LABEL_CHARS: Final = 256
_MAX_INDEX: Final = 1 << 31
_TOLD: Final = 20


class WrongLabel(Exception):  # becomes one line of InvalidLabels
    """One label cannot be taken; the message says why."""


def read_labels(rows: Iterable[tuple[int, Json]], *, now: datetime, most: int) -> list[Feedback]:
    """All labels of a request.

    Args:
        rows: line number and value of each.
        now: when they came; the time of labels that do not tell theirs.
        most: labels that one request may hold.

    Raises:
        InvalidLabels: some cannot be taken, so none is; the first are named by line.
        InvalidRequest: there is none, or more than `most`.
    """
    labels: list[Feedback] = []
    wrong: list[tuple[int, str]] = []
    for line, value in rows:
        try:
            labels.append(read_label(value, now=now))
        except WrongLabel as problem:
            wrong.append((line, str(problem)))
    total = len(labels) + len(wrong)
    if total > most:
        raise InvalidRequest(
            f"the request holds {total} labels and {most} are allowed; send them in several."
        )
    if wrong:
        msg = f"{len(wrong)} of {total} labels cannot be taken, so none was: correct them and send all again."
        raise InvalidLabels(msg, tuple(wrong[:_TOLD]))
    if not labels:
        raise InvalidRequest('the request holds no label; send {"prediction_id": "…", "label": "POSITIVE"}.')
    return labels


def read_label(value: Json, *, now: datetime) -> Feedback:
    """One label.

    Raises:
        WrongLabel: naming the field and what it must be.
    """
    if not isinstance(value, dict):
        raise WrongLabel(f"a label must be an object, got {json_kind(value)}")
    _refuse_unknown(value)
    return Feedback(
        prediction_id=_prediction_id(value),
        label=_label(value.get("label")),
        labelled_at=_labelled_at(value.get("labelled_at"), now=now),
        source=_text(value, "source") or DEFAULT_SOURCE,
    )


def _refuse_unknown(value: Mapping[str, Any]) -> None:
    for name in value:
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, n=1)
            hint = f", did you mean {near[0]}" if near else f"; fields are {', '.join(FIELDS)}"
            # The name alone, cut: a CSV without its first line has data here.
            raise WrongLabel(f'there is no field "{name[:40]}"{hint}')


def _prediction_id(value: Mapping[str, Any]) -> uuid.UUID:
    given, event = _text(value, "prediction_id"), _text(value, "event_id")
    if bool(given) == bool(event):
        raise WrongLabel("give either prediction_id, or event_id with deployment_id and index")
    if event:
        return _of_event(value, event)
    try:
        return uuid.UUID(given)
    except ValueError:
        raise WrongLabel("prediction_id is not a UUID, as predictions return it") from None


def _of_event(value: Mapping[str, Any], event_id: str) -> uuid.UUID:
    deployment = _text(value, "deployment_id")
    if not deployment:
        raise WrongLabel("a label by event_id needs deployment_id too, the name of the InferenceService")
    component = _text(value, "component") or DEFAULT_COMPONENT
    return prediction_id(deployment, component, event_id=event_id, index=_index(value.get("index", 0)))


def _index(value: Json) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < len(str(_MAX_INDEX)):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _MAX_INDEX:
        raise WrongLabel("index must be a whole number from 0, the place of the input in its request")
    return value


def _label(value: Json) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip():
        raise WrongLabel("label must be the name of a class")
    if len(value) > _MAX_LABEL_CHARS:
        raise WrongLabel(f"label is longer than {_MAX_LABEL_CHARS} characters")
    return value


def _labelled_at(value: Json, *, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise WrongLabel("labelled_at must be a time like 2026-03-01T12:00:00Z") from None
    if moment.tzinfo is None:
        raise WrongLabel("labelled_at has no time zone; write it like 2026-03-01T12:00:00Z")
    if moment > now + _CLOCK_TOLERANCE:
        raise WrongLabel("labelled_at lies in the future")
    return moment


def _text(value: Mapping[str, Any], name: str) -> str:
    given = value.get(name, "")
    if not isinstance(given, str) or len(given) > MAX_NAME_CHARS:
        raise WrongLabel(f"{name} must be a string of at most {MAX_NAME_CHARS} characters")
    return given
