"""`POST /predict`: one text in, one prediction out."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from model_server.admission import TextLimits
from model_server.errors import InvalidRequest
from model_server.predictor import Predicts
from model_server.protocols.body import json_response, read_object, unless_gone
from model_server.protocols.documented import documented_body, predicts, segment_parameter
from model_server.protocols.schemas import predict_request
from model_server.segment import SEGMENT_HEADER, parse_segment

ID_HEADER = "x-prediction-id"


class PredictReply(BaseModel):
    """What the model says of the text."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        protected_namespaces=(),
        json_schema_extra={
            "examples": [
                {
                    "prediction_id": "0198c0de-0000-7000-8000-000000000001",
                    "sentiment": "POSITIVE",
                    "confidence": 0.97,
                    "probabilities": {"NEGATIVE": 0.03, "POSITIVE": 0.97},
                    "model_name": "sentiment",
                    "model_version": "3",
                }
            ]
        },
    )

    prediction_id: str = Field(
        description="UUIDv7 of the logged row: send the true label back with it later."
    )
    sentiment: str = Field(description="The most probable class.")
    confidence: float = Field(ge=0, le=1, description="Its probability.")
    probabilities: dict[str, float] = Field(description="Probability of each class; they sum to 1.")
    model_name: str = Field(description="Name of the model that answered.")
    model_version: str = Field(description="Version of the model that answered.")


def predict_router(predictor: Predicts, *, max_body_bytes: int, limits: TextLimits) -> APIRouter:
    """The route, over the given predictor."""
    router = APIRouter(tags=["predict"])

    @router.post(
        "/predict",
        summary="Classify one text",
        response_model=None,
        responses=predicts(PredictReply.model_json_schema()),
        openapi_extra=documented_body(predict_request(limits), parameters=[segment_parameter()]),
    )
    async def predict(request: Request) -> Response:
        """Answers with the class, its confidence and the id of the logged row (also in x-prediction-id)."""
        text = _text(await read_object(request, limit=max_body_bytes))
        segment = parse_segment(request.headers.get(SEGMENT_HEADER))
        [answer] = await unless_gone(request, predictor.predict([text], source="predict", segment=segment))
        reply = {
            "prediction_id": str(answer.prediction_id),
            "sentiment": answer.sentiment,
            "confidence": answer.confidence,
            "probabilities": dict(zip(predictor.model.classes, answer.probabilities, strict=True)),
            "model_name": predictor.model.name,
            "model_version": predictor.model.version,
        }
        return json_response(reply, headers={ID_HEADER: str(answer.prediction_id)})

    return router


def _text(body: dict[str, Any]) -> object:
    if "text" not in body:
        msg = 'the body has no field "text"; send {"text": "This is amazing!"}.'
        raise InvalidRequest(msg)
    return body["text"]
