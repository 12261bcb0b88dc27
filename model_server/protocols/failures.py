"""Errors as HTTP answers: one handler each, always `{"error": "one sentence"}`."""

from __future__ import annotations

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from model_server.errors import ServingError
from model_server.metrics import ServerMetrics
from model_server.protocols.body import json_response
from model_server.protocols.counting import endpoint_of

# nginx's code for a client that hung up: never sent, only counted.
CLIENT_GONE = 499


def add_handlers(app: FastAPI, metrics: ServerMetrics) -> None:
    """Register the handlers; those of kserve, added at start, are for its own classes only."""

    async def serving_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, ServingError)  # noqa: S101  # registered for nothing else
        metrics.failed(error.error_type, endpoint_of(request.scope))
        return json_response(error.content(), status=error.status, headers=error.headers())

    async def http_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101  # registered for nothing else
        return json_response(
            {"error": _sentence(request, error.status_code)}, status=error.status_code, headers=_allow(error)
        )

    async def client_gone(request: Request, error: Exception) -> Response:
        del request, error
        return Response(status_code=CLIENT_GONE)

    app.add_exception_handler(ServingError, serving_error)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(ClientDisconnect, client_gone)


def _allow(error: HTTPException) -> dict[str, str]:
    return {name: value for name, value in (error.headers or {}).items() if name.lower() == "allow"}


def _sentence(request: Request, status: int) -> str:
    if status == 404:
        return "there is nothing at this path; /docs lists what there is."
    if status == 405:
        return f"{request.method} is not what this path takes; /docs lists what it does."
    return f"the request cannot be answered (HTTP {status})."
