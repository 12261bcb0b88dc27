"""V1, the protocol of TensorFlow Serving that KServe speaks by default."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from model_server.admission import TextLimits, json_kind
from model_server.errors import InvalidRequest, NotOffered, NotReady
from model_server.predictor import Answer, Predicts, ServedModel
from model_server.protocols.body import json_response, read_body, unless_gone
from model_server.protocols.cloudevent import Event, event_of
from model_server.protocols.documented import answers as answering
from model_server.protocols.documented import documented_body, model_parameter, predicts, segment_parameter
from model_server.protocols.rest_predict import ID_HEADER
from model_server.protocols.schemas import MODEL_READY, MODELS, V1_REPLY, v1_request
from model_server.protocols.served import check_model
from model_server.segment import SEGMENT_HEADER, parse_segment

MODEL: Final = "/v1/models/{model_name}"


def v1_router(predictor: Predicts, *, max_body_bytes: int, limits: TextLimits) -> APIRouter:
    """The routes of V1, over the given predictor."""
    router = APIRouter(tags=["V1"])

    @router.post(
        MODEL + ":predict",
        summary="Classify texts",
        response_model=None,
        responses=predicts(V1_REPLY),
        openapi_extra=documented_body(
            v1_request(limits), parameters=[model_parameter(), segment_parameter()]
        ),
    )
    async def predict(request: Request) -> Response:
        """Takes instances that are texts; answers one prediction for each."""
        check_model(predictor.model, request.path_params["model_name"])
        event = event_of(request.headers, await read_body(request, limit=max_body_bytes))
        segment = parse_segment(request.headers.get(SEGMENT_HEADER))
        work = predictor.predict(_instances(event.data), source=event.source, segment=segment)
        return _reply(await unless_gone(request, work), predictor.model, event=event)

    @router.post(MODEL + ":explain", include_in_schema=False, response_model=None)
    async def explain(model_name: str) -> Response:
        check_model(predictor.model, model_name)
        msg = f"{model_name} has no explainer; the drift report explains which words changed."
        raise NotOffered(msg)

    @router.get("/v1/models", summary="Models served", response_model=None, responses=answering(MODELS))
    async def models() -> Response:
        """The one model of this server."""
        return json_response({"models": [predictor.model.name]})

    @router.get(
        MODEL,
        summary="Does the model answer",
        response_model=None,
        responses=answering(MODEL_READY, 404, 503),
    )
    async def model_ready(model_name: str) -> Response:
        """Name of the model and whether it answers."""
        check_model(predictor.model, model_name)
        if not predictor.ready:
            msg = f"the model {model_name} is not ready."
            raise NotReady(msg)
        return json_response({"name": model_name, "ready": True})

    return router


def _instances(body: dict[str, Any]) -> list[object]:
    instances = body.get("instances", body.get("inputs"))
    if not isinstance(instances, list):
        found = "nothing" if instances is None else json_kind(instances)
        msg = (
            f'the field "instances" must be a list of texts, got {found}; send '
            f'{{"instances": ["This is amazing!"]}}.'
        )
        raise InvalidRequest(msg)
    return [_text(instance) for instance in instances]


def _text(instance: object) -> object:
    """The text of an instance: itself, the field `text` of an object, or the only entry of a list."""
    if isinstance(instance, dict):
        return instance.get("text")
    if isinstance(instance, list) and len(instance) == 1:
        return instance[0]
    return instance


def _reply(answers: list[Answer], model: ServedModel, *, event: Event) -> Response:
    predictions = [
        {
            "sentiment": answer.sentiment,
            "confidence": answer.confidence,
            "probabilities": dict(zip(model.classes, answer.probabilities, strict=True)),
            "prediction_id": str(answer.prediction_id),
        }
        for answer in answers
    ]
    headers = {ID_HEADER: str(answers[0].prediction_id)} if len(answers) == 1 else {}
    return event.reply({"predictions": predictions}, model_name=model.name, headers=headers)
