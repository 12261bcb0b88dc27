"""How routes that read the raw body describe themselves in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from model_server.protocols.schemas import Schema, exactly
from model_server.segment import KEY, MAX_PAIRS, MAX_VALUE_CHARS, SEGMENT_HEADER

Responses = dict[int | str, dict[str, Any]]

_ERROR: Final = exactly(error={"type": "string", "description": "Cause and what to do."})
_WHY: Final = {
    400: "The request must be changed.",
    401: "The bearer token is missing or wrong.",
    404: "There is no such model or version here.",
    408: "The request did not arrive whole in time.",
    413: "Too long a body or too many texts.",
    500: "The model failed on a text; nothing was logged.",
    503: "Busy, stopping, not ready or unable to log; Retry-After says when to try again.",
}


def errors(*statuses: int) -> Responses:
    """These statuses, each answered with one sentence."""
    return {
        status: {"description": _WHY[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in statuses
    }


def answers(schema: Schema, *statuses: int, description: str = "The answer.") -> Responses:
    """200 with this JSON, or one of the errors."""
    content = {"application/json": {"schema": schema}}
    return {200: {"description": description, "content": content}, **errors(*statuses)}


def health(schema: Schema) -> Responses:
    """The same JSON with 200 when all is well and 503 when not."""
    documented = answers(schema)
    return {**documented, 503: {**documented[200], "description": "Not now."}}


def predicts(schema: Schema, *, binary: bool = False) -> Responses:
    """What a route that predicts answers."""
    documented = answers(schema, 400, 404, 408, 413, 500, 503)
    if binary:
        documented[200]["content"]["application/octet-stream"] = {"schema": {"type": "string"}}
    documented[200]["headers"] = {
        "x-prediction-id": {
            "description": "Id of the logged row, when there is one.",
            "schema": {"type": "string"},
        }
    }
    return documented


def documented_body(schema: Schema, *, parameters: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The `openapi_extra` of a route whose body is of that schema."""
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}, "parameters": list(parameters)}


def model_parameter() -> dict[str, Any]:
    """The name of the model in the path."""
    return {"name": "model_name", "in": "path", "required": True, "schema": {"type": "string"}}


def segment_parameter() -> dict[str, Any]:
    """The optional header that splits checks by the caller's own columns."""
    letter = "[!-+\\--~]"
    value = f"^{letter}([ -+\\--~]{{0,{MAX_VALUE_CHARS - 2}}}{letter})?$"
    return {
        "name": SEGMENT_HEADER,
        "in": "header",
        "required": False,
        "description": f"Columns to split checks by, as key=value,key2=value2: at most {MAX_PAIRS} pairs.",
        # In this style an object is written as its pairs, and its keys cannot repeat.
        "style": "simple",
        "explode": True,
        "schema": {
            "type": "object",
            "maxProperties": MAX_PAIRS,
            "propertyNames": {"pattern": f"^{KEY.pattern}$"},
            "additionalProperties": {"type": "string", "pattern": value},
        },
        "example": {"language": "en", "channel": "app"},
    }
