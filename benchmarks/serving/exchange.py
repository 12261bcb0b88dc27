"""One keep-alive HTTP/1.1 connection, one request at a time, as cheap as Python allows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

LOST: Final = 0


class ReplyUnreadable(RuntimeError):
    """The server's reply has no Content-Length; the generator reads nothing else."""


class Exchange(asyncio.Protocol):
    """Sends prepared bytes and tells the status of the reply; never sends before the last reply was read.

    The generator shares its cores with the server, so what it costs is taken from the server.

    Args:
        on_reply: called with this connection and the status; `LOST` when the connection ended without one.
    """

    __slots__ = ("_buffer", "_expected", "_head_end", "_on_reply", "_transport", "body", "busy", "open")

    def __init__(self, on_reply: Callable[[Exchange, int], None]) -> None:
        self._on_reply = on_reply
        self._transport: asyncio.Transport | None = None
        self._buffer = b""
        self._expected = -1
        self._head_end = -1
        self.body = b""
        self.busy = False
        self.open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment]
        self.open = True

    def send(self, request: bytes) -> None:
        """Write one request."""
        if self.busy or self._transport is None:
            msg = "a connection carries one request at a time"
            raise RuntimeError(msg)
        self.busy = True
        self._transport.write(request)

    def close(self) -> None:
        """Close the connection; a request under way is lost."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Collect until the reply is whole."""
        self._buffer = self._buffer + data if self._buffer else data
        if self._expected < 0:
            self._read_head()
        if 0 <= self._expected <= len(self._buffer):
            self._finish()

    def connection_lost(self, error: Exception | None) -> None:
        """A request without its reply is reported as `LOST`."""
        self.open = False
        if self.busy:
            self.busy = False
            self._on_reply(self, LOST)

    def _read_head(self) -> None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        self._head_end = end + 4
        head = self._buffer[:end].lower()
        at = head.find(b"\r\ncontent-length:")
        if at < 0:
            msg = f"the reply has no Content-Length: {self._buffer[:200]!r}"
            raise ReplyUnreadable(msg)
        line_end = head.find(b"\r\n", at + 2)
        self._expected = self._head_end + int(head[at + 17 : line_end if line_end > 0 else None])

    def _finish(self) -> None:
        status = int(self._buffer[9:12])
        self.body = self._buffer[self._head_end : self._expected]
        self._buffer, self._expected = self._buffer[self._expected :], -1
        self.busy = False
        self._on_reply(self, status)
