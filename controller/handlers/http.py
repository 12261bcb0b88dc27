"""The operator's port: /metrics for Prometheus and /healthz for the kubelet."""

from __future__ import annotations

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder


def application(registry: CollectorRegistry, *, is_alive: Callable[[], bool]) -> web.Application:
    """The HTTP application.

    Args:
        registry: what /metrics shows.
        is_alive: whether the operator works; if not, the kubelet should start it again.
    """

    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(registry), headers={"Content-Type": content_type})

    async def healthz(_: web.Request) -> web.Response:
        alive = is_alive()
        return web.Response(text="ok\n" if alive else "stuck\n", status=200 if alive else 503)

    app = web.Application()
    app.add_routes([web.get("/metrics", metrics), web.get("/healthz", healthz)])
    return app


async def serve(app: web.Application, *, host: str, port: int) -> web.AppRunner:
    """Listen on an address and port; the runner must be cleaned up."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    return runner
