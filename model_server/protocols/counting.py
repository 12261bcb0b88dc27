"""Counting requests by route, and answering 500 in one sentence where a handler failed."""

from __future__ import annotations

import logging
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from model_server.failure import where
from model_server.metrics import ServerMetrics
from model_server.protocols.body import json_response

logger = logging.getLogger(__name__)

# Probes and scrapes are no requests of users: counted in, they would dilute the error rate.
UNCOUNTED: Final = frozenset(
    {"/", "/metrics", "/v2/health/live", "/v2/health/ready", "/docs", "/openapi.json"}
)
UNCOUNTED_FOLDER: Final = "/docs/files/"
UNMATCHED: Final = "unmatched"


def endpoint_of(scope: Scope) -> str:
    """The route's template, never the path itself: clients could make any number of those."""
    return getattr(scope.get("route"), "path", UNMATCHED)


def is_uncounted(path: str) -> bool:
    """Whether a request for this path is left out of the request metrics."""
    return path in UNCOUNTED or path.startswith(UNCOUNTED_FOLDER)


class CountRequests:
    """ASGI middleware around everything but kserve's own timing."""

    def __init__(self, app: ASGIApp, *, metrics: ServerMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count how it ended."""
        if scope["type"] != "http" or is_uncounted(scope["path"]):
            await self._app(scope, receive, send)
            return
        self._metrics.request_started()
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            self._report(endpoint_of(scope), error)
            if status is not None:
                raise
            await json_response({"error": "the server failed on this request."}, status=500)(
                scope, receive, noting
            )
        finally:
            self._metrics.request_ended(scope["method"], endpoint_of(scope), status or 500)

    def _report(self, endpoint: str, error: Exception) -> None:
        logger.error("%s failed: %s", endpoint, where(error))
        self._metrics.failed("internal", endpoint)
