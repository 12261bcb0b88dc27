"""The file format of one spool segment: a header naming the columns, then records with length and CRC32."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

MAGIC: Final = b"MMSPOOL\n"
FORMAT_VERSION: Final = 1
_FIXED = struct.Struct(">8sHI")
_CRC = struct.Struct(">I")
_RECORD = struct.Struct(">II")
RECORD_OVERHEAD: Final = _RECORD.size
# An empty COPY tuple is two bytes, so a shorter record is the zeros of a page that never reached the disk.
_SHORTEST_RECORD = 2


class UnreadableSegment(Exception):  # the spool decides what becomes of such a file
    """The header is not one that this version wrote or knows."""


class TornHeader(UnreadableSegment):
    """The file ends inside its header, so no row was ever acknowledged in it."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a segment says about itself: columns of its tuples, and its own length in bytes."""

    columns: tuple[str, ...]
    size: int


@dataclass(frozen=True, slots=True)
class Records:
    """What was read from a stretch of a segment.

    Attributes:
        rows: payloads whose CRC is right, in order of writing.
        corrupt: payloads whose CRC is wrong.
        end: offset in the segment after the last byte used.
        torn_bytes: bytes at the end of the segment that hold no whole record; counted into `end`.
    """

    rows: tuple[bytes, ...]
    corrupt: tuple[bytes, ...]
    end: int
    torn_bytes: int


def encode_header(columns: tuple[str, ...]) -> bytes:
    """The first bytes of a segment whose tuples have these columns."""
    body = json.dumps({"columns": columns}).encode()
    head = _FIXED.pack(MAGIC, FORMAT_VERSION, len(body)) + body
    return head + _CRC.pack(zlib.crc32(head))


def decode_header(data: bytes) -> Header:
    """The header at the beginning of `data`.

    Raises:
        TornHeader: the data ends before the header does.
        UnreadableSegment: damaged, or of another format version.
    """
    if len(data) < _FIXED.size:
        raise TornHeader("it ends inside its header")
    magic, version, length = _FIXED.unpack_from(data)
    if magic != MAGIC:
        raise UnreadableSegment("it is not a spool segment")
    if version != FORMAT_VERSION:
        raise UnreadableSegment(f"it has format {version}, this version reads {FORMAT_VERSION}")
    end = _FIXED.size + length
    head, crc = data[:end], data[end : end + _CRC.size]
    if len(crc) < _CRC.size:
        raise TornHeader("it ends inside its header")
    if _CRC.unpack(crc)[0] != zlib.crc32(head):
        raise UnreadableSegment("its header is damaged")
    return Header(tuple(json.loads(head[_FIXED.size :])["columns"]), end + _CRC.size)


def encode_records(payloads: Iterable[bytes]) -> bytes:
    """Payloads as they are appended to a segment."""
    return b"".join(
        part for payload in payloads for part in (_RECORD.pack(len(payload), zlib.crc32(payload)), payload)
    )


def decode_records(data: bytes, *, start: int, limit: int, max_rows: int) -> Records:
    """Whole records in `data`, which begins at offset `start` of a segment that ends at offset `limit`.

    A record that reaches beyond `limit`, or has an impossible length, ends the segment: whatever follows was
    never acknowledged. A record of possible length with a wrong CRC is damage on disk: it is set apart and
    reading goes on after it. A record that is only partly in `data` is left for the next read.
    """
    rows: list[bytes] = []
    corrupt: list[bytes] = []
    position, available = 0, len(data)
    while len(rows) < max_rows and start + position < limit:
        body = position + RECORD_OVERHEAD
        if start + body > limit:
            return Records(tuple(rows), tuple(corrupt), limit, limit - start - position)
        if body > available:
            break
        length, crc = _RECORD.unpack_from(data, position)
        if length < _SHORTEST_RECORD or start + body + length > limit:
            return Records(tuple(rows), tuple(corrupt), limit, limit - start - position)
        if body + length > available:
            break
        payload = data[body : body + length]
        (rows if zlib.crc32(payload) == crc else corrupt).append(payload)
        position = body + length
    return Records(tuple(rows), tuple(corrupt), start + position, 0)


def first_record_size(data: bytes) -> int:
    """Bytes of the record at the beginning of `data`, of which at least its length and CRC are there."""
    return RECORD_OVERHEAD + int(_RECORD.unpack_from(data)[0])
