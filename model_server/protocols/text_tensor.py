"""Reading texts out of a V2 tensor, in each of the forms in which clients send them."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from model_server.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class TextTensor:
    """One V2 input as it came.

    Attributes:
        name: as the client calls it.
        datatype: must be BYTES.
        shape: as declared; its product must be the number of texts.
        data: JSON data or gRPC contents, flat or nested; None when `raw` is set.
        raw: binary form, each text preceded by its length as a little-endian uint32.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: object = None
    raw: bytes | None = None


def texts_of(tensor: TextTensor) -> list[object]:
    """The texts in row-major order, bytes decoded as UTF-8; what is no text is left for admission to name.

    Raises:
        InvalidRequest: another datatype, broken UTF-8 or framing, or a shape that does not fit the data.
    """
    if tensor.datatype != "BYTES":
        msg = f'the input "{tensor.name}" has datatype {tensor.datatype}; send the texts as BYTES.'
        raise InvalidRequest(msg)
    entries = (
        list(_unframed(tensor.raw, name=tensor.name)) if tensor.raw is not None else list(_flat(tensor.data))
    )
    if any(size < 0 for size in tensor.shape) or math.prod(tensor.shape) != len(entries):
        msg = (
            f'the input "{tensor.name}" has shape {list(tensor.shape)} but {len(entries)} texts; make the '
            f"shape [{len(entries)}]."
        )
        raise InvalidRequest(msg)
    return [_decoded(entry, name=tensor.name) for entry in entries]


def select_input(tensors: Sequence[TextTensor]) -> TextTensor:
    """The input with the texts: the only one, or the one named `text`.

    Raises:
        InvalidRequest: there is none, or several and none has that name.
    """
    if not tensors:
        msg = 'the request has no inputs; send one of datatype BYTES named "text".'
        raise InvalidRequest(msg)
    chosen = tensors[0] if len(tensors) == 1 else next((t for t in tensors if t.name == "text"), None)
    if chosen is None:
        msg = (
            f'the request has {len(tensors)} inputs and none is named "text"; send the texts in one input of '
            "that name."
        )
        raise InvalidRequest(msg)
    return chosen


def _flat(data: object) -> Iterator[object]:
    # A stack instead of recursion: JSON may be nested deeper than Python recurses.
    stack = [data]
    while stack:
        entry = stack.pop()
        if isinstance(entry, (list, tuple)):
            stack.extend(reversed(entry))
        else:
            yield entry


def _unframed(raw: bytes, *, name: str) -> Iterator[bytes]:
    offset = 0
    while offset < len(raw):
        start = offset + 4
        length = struct.unpack_from("<I", raw, offset)[0] if start <= len(raw) else len(raw)
        offset = start + length
        if offset > len(raw):
            msg = (
                f'the binary data of the input "{name}" ends within a text; each needs its length as 4 bytes '
                "before it."
            )
            raise InvalidRequest(msg)
        yield raw[start:offset]


def _decoded(entry: object, *, name: str) -> object:
    if not isinstance(entry, bytes):
        return entry
    try:
        return entry.decode("utf-8")
    except UnicodeDecodeError:
        msg = f'the input "{name}" holds bytes that are not UTF-8; encode the texts as UTF-8.'
        raise InvalidRequest(msg) from None


def shape_of(value: object, *, name: str) -> tuple[int, ...]:
    """A JSON value as a shape.

    Raises:
        InvalidRequest: it is not a list of integers.
    """
    if not isinstance(value, list) or not all(map(_is_whole, value)):
        msg = f'the shape of the input "{name}" must be a list of integers.'
        raise InvalidRequest(msg)
    return tuple(map(int, value))


def _is_whole(size: object) -> bool:
    """JSON has one kind of number: 2.0 is an integer."""
    return not isinstance(size, bool) and (
        isinstance(size, int) or (isinstance(size, float) and size.is_integer())
    )
