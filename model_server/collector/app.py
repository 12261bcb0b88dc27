"""The collector as an ASGI application: paths, who may come, and errors as answers."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from model_server.collector.body import BodyReader, Receive, SenderGone
from model_server.collector.endpoints import Answer, Durable
from model_server.collector.errors import (
    NotFound,
    ServingError,
    TooManyConnections,
    TooManyRequests,
    WrongMethod,
)
from model_server.collector.metrics import CollectorMetrics
from model_server.collector.rate_limit import RateLimit
from model_server.collector.tokens import Tokens

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Handler = Callable[[Mapping[str, str], bytes], Awaitable[Answer]]

_READS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
# One name for each path in metrics; a stranger's path must not become a label.
_OTHER: Final = "other"
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Route:
    """What may be posted to a path.

    Attributes:
        endpoint: its name in metrics.
        handler: what is done with the body.
        max_bytes: longest body.
        rate: how often one sender may come, None without limit.
        tokens: who may come, None for everybody.
    """

    endpoint: str
    handler: Handler
    max_bytes: int
    rate: RateLimit | None
    tokens: Tokens | None


class Collector:
    """The application; one object for the process.

    Attributes:
        stopping: set once the process was told to end.
        crowded: whether more connections are open than allowed; the server's to say.
    """

    def __init__(
        self, routes: Mapping[str, Route], inbox: Durable, *, bodies: BodyReader, metrics: CollectorMetrics
    ) -> None:
        self._routes = routes
        self._inbox = inbox
        self._bodies = bodies
        self._metrics = metrics
        self.stopping = False
        self.crowded: Callable[[], bool] = lambda: False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        method, path = scope["method"], scope["path"]
        route = self._routes.get(path)
        endpoint = route.endpoint if route else path if path in _READS else _OTHER
        try:
            answer = await self._answer(scope, receive, route)
            headers: list[tuple[bytes, bytes]] = []
        except SenderGone:
            self._metrics.failed("sender_gone", endpoint)
            return
        except ServingError as error:
            self._metrics.failed(error.error_type, endpoint)
            answer, headers = _refusal(error), _refusal_headers(error, route)
        except Exception as error:  # noqa: BLE001  # the edge: whatever it was, the sender gets an answer
            # Neither its message nor its traceback: they may quote what was sent.
            logger.error("A request to %s failed: %s at %s", endpoint, type(error).__name__, _place(error))  # noqa: TRY400
            self._metrics.failed("internal", endpoint)
            answer, headers = _refusal(ServingError("the collector failed; its log says where.")), []
        await _send(send, answer, headers)
        known = method if method in ("GET", "POST", "HEAD") else _OTHER
        self._metrics.answered(known, endpoint, status=answer.status, seconds=time.perf_counter() - started)

    async def _answer(self, scope: Scope, receive: Receive, route: Route | None) -> Answer:
        if route is None:
            return self._read(scope)
        if scope["method"] != "POST":
            raise WrongMethod(f"{route.endpoint} takes POST alone.")
        if self.crowded():
            raise TooManyConnections("too many connections are open; send it again later.")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if route.rate and not route.rate.admits((scope["client"] or ("",))[0], now=time.monotonic()):
            raise TooManyRequests("too many requests from this address; send more at once and less often.")
        if route.tokens:
            route.tokens.check(headers.get("authorization", ""))
        body = await self._bodies.read(receive, headers, limit=route.max_bytes)
        return await route.handler(headers, body)

    def _read(self, scope: Scope) -> Answer:
        path = scope["path"]
        if path not in _READS:
            raise NotFound(f"there is nothing here; post to {', '.join(sorted(self._routes))}.")
        if scope["method"] not in ("GET", "HEAD"):
            raise WrongMethod(f"{path} takes GET alone.")
        if path == "/metrics":
            accept = next((value for name, value in scope["headers"] if name == b"accept"), b"")
            page, content_type = self._metrics.page(accept.decode("latin-1"))
            return Answer(200, page, content_type.encode())
        if path == "/readyz" and (self.stopping or not self._inbox.has_room):
            why = "it is stopping" if self.stopping else "its disk is full or cannot be written"
            return Answer(503, orjson.dumps({"ready": False, "why": why}))
        return Answer(200, b'{"ready":true}' if path == "/readyz" else b'{"alive":true}')


def _refusal(error: ServingError) -> Answer:
    return Answer(error.status, orjson.dumps(error.content()))


def _refusal_headers(error: ServingError, route: Route | None) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode(), value.encode()) for name, value in error.headers().items()]
    if isinstance(error, WrongMethod):
        headers.append((b"allow", b"POST" if route else b"GET, HEAD"))
    return headers


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"


async def _send(send: Send, answer: Answer, headers: list[tuple[bytes, bytes]]) -> None:
    fixed = [(b"content-type", answer.content_type), (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": [*fixed, *headers]})
    await send({"type": "http.response.body", "body": answer.body})
