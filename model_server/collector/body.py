"""Receiving a body: bounded in bytes, in time, and in the memory of all bodies together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from model_server.collector.errors import RequestTooLarge, TooManyBytes, TooSlow
from model_server.collector.gunzip import is_gzip, unpacked

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class SenderGone(Exception):  # nobody is left to answer
    """The connection was cut before the body was whole."""


class BodyReader:
    """Reads bodies; one for the process, on its event loop.

    Args:
        max_inflight_bytes: memory that bodies being received may take together.
        timeout_s: time that one may take.
    """

    def __init__(self, *, max_inflight_bytes: int, timeout_s: float) -> None:
        self._room = max_inflight_bytes
        self._timeout_s = timeout_s

    async def read(self, receive: Receive, headers: Mapping[str, str], *, limit: int) -> bytes:
        """The whole body, unpacked if it is gzip.

        Raises:
            RequestTooLarge: longer than `limit`, packed or unpacked.
            TooManyBytes: no memory is left for it now.
            TooSlow: it did not arrive in time.
            SenderGone: the connection was cut.
        """
        announced = headers.get("content-length", "")
        if announced.isdigit() and int(announced) > limit:
            raise _too_large(limit)
        message = await receive()
        body = message.get("body", b"")
        if message.get("more_body") or message["type"] == "http.disconnect":
            body = await self._rest(receive, message, limit=limit)
        if len(body) > limit:
            raise _too_large(limit)
        packed = headers.get("content-encoding", "").lower() == "gzip" or is_gzip(body)
        return unpacked(body, limit=limit) if packed and body else body

    async def _rest(self, receive: Receive, message: MutableMapping[str, Any], *, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self._timeout_s):
                while True:
                    if message["type"] == "http.disconnect":
                        raise SenderGone
                    part = message.get("body", b"")
                    size += len(part)
                    self._take(len(part))
                    if size > limit:
                        raise _too_large(limit)
                    parts.append(part)
                    if not message.get("more_body"):
                        return b"".join(parts)
                    message = await receive()
        except TimeoutError:
            raise TooSlow(f"the body did not arrive within {self._timeout_s:g} s; send it again.") from None
        finally:
            self._room += size

    def _take(self, size: int) -> None:
        self._room -= size
        if self._room < 0:
            raise TooManyBytes("too many large bodies are being received at once; send it again later.")


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"the body is longer than the {limit} bytes allowed; send less at once.")
