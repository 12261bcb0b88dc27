"""An API server in trouble: passes every request on to the real one, but answers some itself."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable

import aiohttp
from aiohttp import web

Trouble = Callable[[str, str], web.Response | None]


class Proxy:
    """Listens on HTTP in a thread; `trouble` is told verb and path and may answer in the server's place."""

    def __init__(self, server: str, trouble: Trouble) -> None:
        self._server = server.rstrip("/")
        self._trouble = trouble
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._stop = asyncio.Event()
        self._listening = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.port = 0
        self._thread.start()
        assert self._listening.wait(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=30)
        assert not self._thread.is_alive()

    def _run(self) -> None:
        with self._runner:  # which ends what the operator left open
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        app = web.Application(client_max_size=16 * 2**20)
        trust = ssl.create_default_context()
        trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

            async def handle(request: web.Request) -> web.StreamResponse:
                answered = self._trouble(request.method, request.path)
                return answered or await self._pass_on(request, session, trust)

            app.router.add_route("*", "/{path:.*}", handle)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            self.port = runner.addresses[0][1]
            self._listening.set()
            await self._stop.wait()
            await runner.cleanup()

    async def _pass_on(
        self, request: web.Request, session: aiohttp.ClientSession, trust: ssl.SSLContext
    ) -> web.StreamResponse:
        kept = ("Authorization", "Content-Type", "Accept")
        headers = {name: request.headers[name] for name in kept if name in request.headers}
        async with session.request(
            request.method,
            self._server + request.path_qs,
            data=await request.read() or None,
            headers=headers,
            ssl=trust,
            timeout=aiohttp.ClientTimeout(total=None),
        ) as answer:
            response = web.StreamResponse(
                status=answer.status, headers={"Content-Type": answer.headers.get("Content-Type", "")}
            )
            await response.prepare(request)
            async for chunk in answer.content.iter_any():
                await response.write(chunk)
            return response
