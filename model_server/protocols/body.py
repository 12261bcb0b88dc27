"""Reading a request body as JSON whatever content type it claims, and noticing that the client has gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import orjson
from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from model_server.admission import json_kind
from model_server.errors import InvalidRequest, RequestTooLarge
from model_server.json_text import parse_json

T = TypeVar("T")


async def read_body(request: Request, *, limit: int) -> bytes:
    """The whole body.

    Raises:
        RequestTooLarge: it is, or says it is, longer than `limit` bytes; the rest is not read.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"the body is longer than the {limit} bytes allowed; send fewer or shorter texts.")


async def read_object(request: Request, *, limit: int) -> dict[str, Any]:
    """The body as a JSON object; the content type is not asked, as curl calls everything a form.

    Raises:
        InvalidRequest: it is not JSON in UTF-8, or not an object.
    """
    return parse_object(await read_body(request, limit=limit))


def parse_object(body: bytes) -> dict[str, Any]:
    """The bytes as a JSON object.

    Raises:
        InvalidRequest: with the place of the first mistake.
    """
    if not body.strip():
        msg = "the body is empty; send JSON."
        raise InvalidRequest(msg)
    value = parse_json(body)
    if not isinstance(value, dict):
        msg = f"the body must be a JSON object, got {json_kind(value)}."
        raise InvalidRequest(msg)
    return value


async def unless_gone(request: Request, answer: Awaitable[T]) -> T:
    """The answer; when the client closes the connection first, the waiting texts are cancelled.

    Raises:
        ClientDisconnect: the client has gone.
    """
    handler = asyncio.current_task()
    assert handler is not None  # noqa: S101  # awaited, so in a task
    # One task and not two: a second for the answer would cost more than the check of the text.
    watch = _Watch(handler)
    listening = asyncio.ensure_future(watch.listen(request))
    try:
        return await answer
    except asyncio.CancelledError:
        if watch.gone and not handler.uncancel():
            raise ClientDisconnect from None
        raise
    finally:
        watch.waiting = False
        listening.cancel()


class _Watch:
    """Cancels the handler when its client has gone, as long as it waits for the answer."""

    def __init__(self, handler: asyncio.Task[Any]) -> None:
        self._handler = handler
        self.waiting = True
        self.gone = False

    async def listen(self, request: Request) -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        if self.waiting:
            self.gone = True
            self._handler.cancel()


def json_response(content: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The value as a JSON response."""
    return Response(orjson.dumps(content), status_code=status, headers=headers, media_type="application/json")
