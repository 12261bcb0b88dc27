"""A tiny HTTP server whose delays are known, in a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

Delay = Callable[[int], float]
Serve = Callable[..., object]


@contextmanager
def _serving(delay: Delay, *, status: int = 200, chunks: int = 1) -> Iterator[int]:
    """The port of a server that answers request number n after `delay(n)` seconds of blocking everybody else.

    A negative delay means: close the connection without an answer.
    """
    ready, stop = threading.Event(), threading.Event()
    ports: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next(
                    (int(x[15:]) for x in head.split(b"\r\n") if x.startswith(b"content-length:")), 0
                )
                await reader.readexactly(length)
                counter.append(None)
                seconds = delay(len(counter) - 1)
                if seconds < 0:
                    writer.close()
                    return
                await asyncio.sleep(seconds)
                body = b'{"a": "bcdefgh"}'
                reply = b"HTTP/1.1 %d X\r\nserver: t\r\nContent-Length: %d\r\n\r\n%b" % (
                    status,
                    len(body),
                    body,
                )
                size = -(-len(reply) // chunks)
                for start in range(0, len(reply), size):
                    writer.write(reply[start : start + size])
                    await asyncio.sleep(0)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    counter: list[None] = []

    async def main() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=2048)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()
        while not stop.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        server.close()

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    ready.wait(10)
    try:
        yield ports[0]
    finally:
        stop.set()
        thread.join(10)


@pytest.fixture
def serving() -> Serve:
    return _serving
