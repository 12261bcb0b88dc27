"""The JSON part of an inference body, with the raw tensors of V2's binary form put in their places."""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from model_server.collector.gunzip import is_gzip, unpacked
from model_server.collector.json_value import Json
from model_server.errors import ServingError

_FORMATS: Final = {
    "BOOL": "?",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "e",
    "FP32": "f",
    "FP64": "d",
}
_LENGTH: Final = struct.Struct("<I")


class NotInference(Exception):  # becomes the reason for which a body is kept aside
    """The body is no JSON object of an inference; the message quotes nothing of it."""


def inference_object(body: Json, *, json_length: str | None, max_bytes: int) -> dict[str, Any]:
    """The body as an object, with each tensor's values under `data`.

    Args:
        body: bytes, or the JSON value of a structured event.
        json_length: bytes of JSON at the beginning, if raw tensors follow and the sender says how long it is.
        max_bytes: most bytes that a gzip body may unpack to.

    Raises:
        NotInference: it is something else.
    """
    tail = b""
    value = body
    if isinstance(body, bytes):
        value, tail = _parsed(_plain(body, max_bytes=max_bytes), json_length)
    if not isinstance(value, dict):
        raise NotInference("it is JSON but no object")
    return _with_tensors(value, tail) if tail else value


def flat(data: Json) -> list[Any]:
    """Nested lists as one list, in row-major order."""
    values: list[Any] = []
    # A stack instead of recursion: JSON may be nested deeper than Python recurses.
    stack = [data]
    while stack:
        entry = stack.pop()
        if isinstance(entry, list):
            stack.extend(reversed(entry))
        else:
            values.append(entry)
    return values


def _plain(body: bytes, *, max_bytes: int) -> bytes:
    # KServe's agent posts the body of a client that sent gzip without saying so.
    if not is_gzip(body):
        return body
    try:
        return unpacked(body, limit=max_bytes)
    except ServingError:
        raise NotInference("it is gzip that is damaged or unpacks to too much") from None


def _parsed(body: bytes, json_length: str | None) -> tuple[Any, bytes]:
    if not body.strip():
        raise NotInference("it is empty")
    if json_length and json_length.isascii() and json_length.isdigit():
        head, tail = body[: int(json_length)], body[int(json_length) :]
    else:
        head, tail = body, b""
    try:
        return orjson.loads(head), tail
    except orjson.JSONDecodeError:
        if b'"binary_data_size"' in body:
            return _split(body)
        raise NotInference("it is not JSON") from None


def _split(body: bytes) -> tuple[Any, bytes]:
    """JSON followed by raw tensors, whose border KServe's agent does not pass on."""
    text = body.decode("utf-8", "surrogateescape")
    try:
        value, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        raise NotInference("it is not JSON") from None
    return value, text[end:].encode("utf-8", "surrogateescape")


def _with_tensors(value: dict[str, Any], tail: bytes) -> dict[str, Any]:
    read = _reader(tail)
    for side in ("inputs", "outputs"):
        entries = value.get(side)
        if isinstance(entries, list):
            value = {**value, side: [_with_data(entry, read) for entry in entries]}
    return value


def _with_data(entry: Json, read: Callable[[int], bytes]) -> Json:
    parameters = entry.get("parameters") if isinstance(entry, dict) else None
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if not isinstance(size, int) or isinstance(size, bool) or size < 0 or "data" in entry:
        return entry
    return {**entry, "data": _values(str(entry.get("datatype")), read(size))}


def _reader(tail: bytes) -> Callable[[int], bytes]:
    position = 0

    def read(size: int) -> bytes:
        nonlocal position
        if position + size > len(tail):
            raise NotInference("its raw tensors are shorter than it says")
        position += size
        return tail[position - size : position]

    return read


def _values(datatype: str, raw: bytes) -> list[Any]:
    if datatype == "BYTES":
        return [text.decode("utf-8", "replace") for text in _texts(raw)]
    letter = _FORMATS.get(datatype)
    if letter is None or len(raw) % struct.calcsize(letter):
        raise NotInference("one of its raw tensors has no known datatype or not a whole number of values")
    values = [each for (each,) in struct.iter_unpack(f"<{letter}", raw)]
    if letter in "efd" and not all(map(math.isfinite, values)):
        raise NotInference("one of its raw tensors holds numbers that are not finite")
    return values


def _texts(raw: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(raw):
        start = position + _LENGTH.size
        if start > len(raw):
            raise NotInference("one of its raw tensors ends within a text")
        position = start + _LENGTH.unpack_from(raw, start - _LENGTH.size)[0]
        if position > len(raw):
            raise NotInference("one of its raw tensors ends within a text")
        yield raw[start:position]
