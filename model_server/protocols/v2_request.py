"""Reading a V2 inference request from JSON, with or without binary tensors behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_server.admission import json_kind
from model_server.errors import InvalidRequest
from model_server.protocols.body import parse_object
from model_server.protocols.text_tensor import TextTensor, select_input, shape_of, texts_of

JSON_LENGTH_HEADER: Final = "inference-header-content-length"


@dataclass(frozen=True, slots=True)
class V2Request:
    """A V2 inference request.

    Attributes:
        request_id: the client's id, "" when it gave none.
        texts: entries of the text input, not yet checked.
        outputs: wanted outputs in the client's order, each with whether in binary form; None: all.
        all_binary: the client wants every output in binary form.
    """

    request_id: str
    texts: list[object]
    outputs: Mapping[str, bool] | None
    all_binary: bool


def parse_v2(body: bytes, *, json_length: str | None) -> V2Request:
    """The request in `body`, whose first `json_length` bytes are JSON and the rest raw tensors.

    Raises:
        InvalidRequest: naming the first field that is missing or of the wrong kind.
    """
    length = len(body) if json_length is None else _json_length(json_length, available=len(body))
    request = parse_object(body[:length])
    inputs = _list(request, "inputs")
    read_raw = _raw_reader(body[length:])
    # Raw tensors follow one another, so all inputs are read even though one is used.
    tensors = [_tensor(entry, read_raw=read_raw) for entry in inputs]
    parameters = _parameters(request)
    return V2Request(
        request_id=_string(request, "id"),
        texts=texts_of(select_input(tensors)),
        outputs=_wanted(request),
        all_binary=parameters.get("binary_data_output") is True,
    )


def _json_length(header: str, *, available: int) -> int:
    if not header.isascii() or not header.isdigit() or int(header) > available:
        msg = (
            f"the header {JSON_LENGTH_HEADER} must be a number of bytes no longer than the body "
            f"({available})."
        )
        raise InvalidRequest(msg)
    return int(header)


def _tensor(entry: object, *, read_raw: Callable[[int], bytes]) -> TextTensor:
    if not isinstance(entry, dict):
        msg = (
            "each of the inputs must be an object with name, shape, datatype and data, got "
            f"{json_kind(entry)}."
        )
        raise InvalidRequest(msg)
    name, datatype = _string(entry, "name", required=True), _string(entry, "datatype", required=True)
    shape = shape_of(entry.get("shape"), name=name)
    parameters = _parameters(entry)
    if "data" in entry:
        return TextTensor(name, datatype, shape, data=_list(entry, "data"))
    size = parameters.get("binary_data_size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        msg = (
            f'the input "{name}" has neither data nor the parameter binary_data_size; send the texts as data.'
        )
        raise InvalidRequest(msg)
    return TextTensor(name, datatype, shape, raw=read_raw(size))


def _raw_reader(raw: bytes) -> Callable[[int], bytes]:
    offset = 0

    def read(size: int) -> bytes:
        nonlocal offset
        if offset + size > len(raw):
            msg = f"binary_data_size promises {offset + size} bytes behind the JSON and there are {len(raw)}."
            raise InvalidRequest(msg)
        offset += size
        return raw[offset - size : offset]

    return read


def _wanted(request: dict[str, Any]) -> Mapping[str, bool] | None:
    outputs = _list(request, "outputs", required=False)
    if not outputs:
        return None
    if not all(isinstance(entry, dict) for entry in outputs):
        msg = "each of the outputs must be an object with a name."
        raise InvalidRequest(msg)
    names = [_string(entry, "name", required=True) for entry in outputs]
    binary = [_parameters(entry).get("binary_data") is True for entry in outputs]
    return dict(zip(names, binary, strict=True))


def _list(request: dict[str, Any], field: str, *, required: bool = True) -> list[Any]:
    value = request.get(field)
    if value is None and not required:
        return []
    if not isinstance(value, list):
        msg = (
            f'the field "{field}" must be a list, got '
            f"{'nothing' if field not in request else json_kind(value)}."
        )
        raise InvalidRequest(msg)
    return value


def _parameters(holder: dict[str, Any]) -> dict[str, Any]:
    value = holder.get("parameters")
    if value is None:
        return {}
    if not isinstance(value, dict):
        msg = f'the field "parameters" must be an object, got {json_kind(value)}.'
        raise InvalidRequest(msg)
    if any(isinstance(entry, (dict, list)) for entry in value.values()):
        msg = 'each of the "parameters" must be a string, a number, true or false.'
        raise InvalidRequest(msg)
    return value


def _string(request: dict[str, Any], field: str, *, required: bool = False) -> str:
    value = request.get(field)
    if value is None and not required:
        return ""
    if not isinstance(value, str):
        msg = (
            f'the field "{field}" must be a string, got '
            f"{'nothing' if field not in request else json_kind(value)}."
        )
        raise InvalidRequest(msg)
    return value
