"""`POST /reference/score`: what the model says of texts that are no predictions, to build references."""

from __future__ import annotations

import base64
import hmac
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.security import HTTPBearer
from starlette.responses import Response

from model_server.admission import TextLimits, json_kind
from model_server.errors import InvalidRequest, Unauthorized
from model_server.predictor import Predicts
from model_server.protocols.body import json_response, read_object, unless_gone
from model_server.protocols.documented import answers, documented_body
from model_server.protocols.schemas import SCORE_REPLY, score_request


def reference_router(
    predictor: Predicts, *, token: str, max_body_bytes: int, limits: TextLimits
) -> APIRouter:
    """The route; the caller adds it only if there is a token."""
    router = APIRouter(tags=["reference"])

    @router.post(
        "/reference/score",
        summary="Score reference texts",
        response_model=None,
        responses=answers(SCORE_REPLY, 400, 401, 408, 413, 500, 503),
        dependencies=[Depends(HTTPBearer(auto_error=False))],
        openapi_extra=documented_body(score_request(limits)),
    )
    async def score(request: Request) -> Response:
        """Probabilities and embeddings of texts, neither logged nor counted; needs the bearer token."""
        check_token(request.headers.get("authorization"), token=token)
        texts = _texts(await read_object(request, limit=max_body_bytes))
        scores = await unless_gone(request, predictor.score(texts))
        rows = [{"probabilities": s.probabilities, "embedding": _base64(s.embedding)} for s in scores]
        model = predictor.model
        return json_response(
            {"classes": model.classes, "model_name": model.name, "model_version": model.version, "rows": rows}
        )

    return router


def check_token(authorization: str | None, *, token: str) -> None:
    """Do nothing if the header carries the token.

    Raises:
        Unauthorized: it does not.
    """
    scheme, _, given = (authorization or "").partition(" ")
    # compare_digest: the time taken tells nothing about how much of the token was right.
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), token.encode()):
        msg = "send the header Authorization: Bearer with the token of MM_SERVER_SCORE_TOKEN."
        raise Unauthorized(msg)


def _texts(body: dict[str, Any]) -> list[object]:
    texts = body.get("texts")
    if not isinstance(texts, list):
        msg = (
            'the field "texts" must be a list of texts, got '
            f"{'nothing' if texts is None else json_kind(texts)}."
        )
        raise InvalidRequest(msg)
    return texts


def _base64(embedding: bytes | None) -> str | None:
    return None if embedding is None else base64.b64encode(embedding).decode("ascii")
