"""A request and its response as rows of the prediction log."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from model_server.collector.event_ids import prediction_id
from modelmonitor.store.events import EventHalf, EventPair
from modelmonitor.store.records import Prediction, time_of

_OF_OUR_PREDICTOR: Final = 7
# Of the sender and of whoever made the id; a UUID of another time is one of another kind.
_CLOCKS_DIFFER: Final = timedelta(days=1)


def predictions_of(pair: EventPair, *, model_version: str) -> tuple[Prediction, ...]:
    """One row for each answer, the same whenever and however often the pair is joined.

    Args:
        pair: both halves.
        model_version: for replies that do not say theirs.
    """
    request, response = pair.request, pair.response
    answers = response.content.get("answers", [])
    texts = request.content.get("texts", [])
    if len(texts) != len(answers):
        # Which text an answer belongs to is not known, so none is claimed.
        texts = [None] * len(answers)
    return tuple(
        _row(pair, index, text=text, answer=answer, version=response.content.get("version") or model_version)
        for index, (text, answer) in enumerate(zip(texts, answers, strict=True))
    )


def _row(pair: EventPair, index: int, *, text: str | None, answer: list[Any], version: str) -> Prediction:
    request = pair.request
    label, confidence, probabilities, given = answer
    took = (pair.response.happened_at - request.happened_at).total_seconds() * 1000.0
    name, moment = _key(request, index, given=given)
    return Prediction(
        prediction_id=name,
        predicted_at=moment,
        deployment_id=request.deployment_id,
        model_name=request.deployment_id,
        model_version=version,
        input_text=text,
        predicted_sentiment=label,
        confidence_score=None if confidence is None else min(1.0, max(0.0, confidence)),
        probabilities=tuple(probabilities),
        embedding=None,
        # Both times are those of the sender, whose clock may have been set meanwhile.
        latency_ms=max(0.0, took),
        source="cloudevent",
        segment=request.content.get("segment", {}),
    )


def _key(request: EventHalf, index: int, *, given: str | None) -> tuple[uuid.UUID, datetime]:
    """Id and time of a row: those under which our own predictor logs it, if that made the id."""
    if given is None:
        made = prediction_id(request.deployment_id, request.component, event_id=request.event_id, index=index)
        return made, request.happened_at
    name = uuid.UUID(given)
    if name.version == _OF_OUR_PREDICTOR and abs(time_of(name) - request.happened_at) < _CLOCKS_DIFFER:
        return name, time_of(name)
    return name, request.happened_at
