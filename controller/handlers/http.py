"""The operator's port: /metrics for Prometheus and /healthz for the kubelet."""

from __future__ import annotations

import os
import ssl
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


class CannotListen(Exception):
    """Stop what listens there, or choose another address or port."""


async def serve(
    app: web.Application, *, host: str, port: int, setting: str, trust: ssl.SSLContext | None = None
) -> web.AppRunner:
    """Listen on an address and port; the runner must be cleaned up.

    Args:
        app: answers.
        host: address.
        port: 0 takes any.
        setting: prefix of the variables that choose the two.
        trust: certificate for HTTPS; None for HTTP.

    Raises:
        CannotListen: the address is not ours or the port is taken.
    """
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, ssl_context=trust).start()
    except OSError as error:
        await runner.cleanup()
        why = f"Port {port} of {host} cannot be listened on ({_reason(error)})"
        raise CannotListen(f"{why}: change {setting}HOST or {setting}PORT.") from None
    return runner


def _reason(error: OSError) -> str:
    # asyncio puts a sentence with the address in place of the system's words.
    return os.strerror(error.errno) if error.errno is not None and error.errno > 0 else str(error)
