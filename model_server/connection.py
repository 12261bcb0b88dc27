"""One HTTP connection that a slow or endless sender cannot hold for ever."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import orjson
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

# What other servers allow, and ten times what a mesh adds: neither uvicorn nor llhttp has a bound of its own.
MAX_HEAD_BYTES: Final = 64 * 1024


def guarded(receive_timeout_s: float) -> type[HttpToolsProtocol]:
    """The protocol class for uvicorn, which makes one object of it a connection."""

    class Guarded(GuardedConnection):
        """A connection whose requests must arrive within the given time."""

        receive_timeout = receive_timeout_s

    return Guarded


class GuardedConnection(HttpToolsProtocol):
    """Answers 408 to a request that takes too long to arrive, and 431 to a head that is too long.

    uvicorn has a time-out only for the pause after a response: a client that sends a byte now and then, or
    connects and says nothing, would keep its connection and what it has sent until the server ends.
    """

    receive_timeout = 30.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own arguments
        super().__init__(*args, **kwargs)
        self._deadline: asyncio.TimerHandle | None = None
        self._in_head = True
        self._head_bytes = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """The first request has to come soon."""
        super().connection_made(transport)
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is waited for any more."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Let uvicorn parse it, and end what has sent too much without a blank line."""
        if self._in_head:
            self._head_bytes += len(data)
        super().data_received(data)
        if self._in_head and self._head_bytes > MAX_HEAD_BYTES:
            self._refuse(431, f"the headers are longer than the {MAX_HEAD_BYTES} bytes allowed.")

    def on_message_begin(self) -> None:
        """Another request begins."""
        super().on_message_begin()
        if self._deadline is None:
            self._arm()

    def on_headers_complete(self) -> None:
        """Its head is whole."""
        self._in_head, self._head_bytes = False, 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The whole request is here."""
        self._in_head = True
        self._disarm()
        super().on_message_complete()

    def _arm(self) -> None:
        self._deadline = self.loop.call_later(self.receive_timeout, self._too_slow)

    def _disarm(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _too_slow(self) -> None:
        if self.flow.read_paused:
            # We are the slow ones: an earlier request of this connection is still being answered.
            self._arm()
            return
        silent = self._in_head and not self._head_bytes
        if silent or (not self._in_head and self.cycle.response_started):
            self.transport.close()
        else:
            self._refuse(408, f"the request did not arrive whole within {self.receive_timeout:g} seconds.")

    def _refuse(self, status: int, sentence: str) -> None:
        body = orjson.dumps({"error": sentence})
        self.transport.write(
            STATUS_LINE[status]
            + b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            + body
        )
        self.transport.close()
