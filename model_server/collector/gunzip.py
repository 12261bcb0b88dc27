"""Unpacking gzip without letting a small body become a large one."""

from __future__ import annotations

import zlib
from typing import Final

from model_server.collector.errors import InvalidRequest, RequestTooLarge

MAGIC: Final = b"\x1f\x8b"
_GZIP_WINDOW: Final = 31


def is_gzip(data: bytes) -> bool:
    """Whether the data begin as gzip does; no JSON and no CSV text does."""
    return data[:2] == MAGIC


def unpacked(data: bytes, *, limit: int) -> bytes:
    """The content of gzip data of one or more members.

    Raises:
        RequestTooLarge: it is longer than `limit` bytes; unpacking stops there.
        InvalidRequest: damaged, or cut off.
    """
    parts: list[bytes] = []
    room = limit
    while data:
        unpacker = zlib.decompressobj(_GZIP_WINDOW)
        try:
            part = unpacker.decompress(data, room + 1)
        except zlib.error:
            raise InvalidRequest("the body is damaged gzip; send it again, or as it is.") from None
        room -= len(part)
        if room < 0:
            msg = f"the body unpacks to more than the {limit} bytes allowed; send less at once."
            raise RequestTooLarge(msg)
        if not unpacker.eof:
            raise InvalidRequest("the body is gzip that ends too early; send all of it.")
        parts.append(part)
        data = unpacker.unused_data
    return b"".join(parts)
