"""How routes that read the raw body describe it in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel, Field

from model_server.segment import SEGMENT_HEADER


class ErrorReply(BaseModel):
    """Why there is no answer, in one sentence."""

    error: str = Field(description="Cause and what to do.")


ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": ErrorReply, "description": "The request must be changed."},
    413: {"model": ErrorReply, "description": "Too long a body or too many texts."},
    500: {"model": ErrorReply, "description": "The model failed on this text."},
    503: {
        "model": ErrorReply,
        "description": "Busy, stopping, or unable to log; Retry-After says when to try again.",
    },
}


def documented_body(model: type[BaseModel], *, parameters: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """The `openapi_extra` of a route whose body is `model`."""
    schema = model.model_json_schema()
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}, "parameters": list(parameters)}


def segment_parameter() -> dict[str, Any]:
    """The optional header that splits checks by the caller's own columns."""
    return {
        "name": SEGMENT_HEADER,
        "in": "header",
        "required": False,
        "description": "Columns to split checks by, as key=value,key2=value2: at most 8 pairs.",
        "schema": {"type": "string", "example": "language=en,channel=app"},
    }
