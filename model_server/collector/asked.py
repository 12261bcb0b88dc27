"""The texts that an inference request asked about, for V1, V2 and plain JSON requests of any model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from model_server.collector.inference_json import NotInference, flat
from model_server.collector.json_value import Json

# Names under which objects hold their text; ours first.
TEXT_NAMES: Final = ("text", "input", "inputs", "sentence", "content", "query", "body")


def asked_texts(request: Mapping[str, Any]) -> tuple[str | None, ...]:
    """One entry for each input in order: its text, or None for what is no text, such as numbers.

    Raises:
        NotInference: it is no request that is known.
    """
    for name in ("instances", "inputs", "texts", "text"):
        if name in request:
            value = request[name]
            if name == "inputs" and _is_tensors(value):
                return _of_tensors(value)
            return tuple(map(_text, value)) if isinstance(value, list) else (_text(value),)
    raise NotInference("it is JSON without instances, inputs or text")


def _is_tensors(value: Json) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(v, dict) and "datatype" in v for v in value)
    )


def _of_tensors(tensors: list[dict[str, Any]]) -> tuple[str | None, ...]:
    texts = [tensor for tensor in tensors if tensor.get("datatype") == "BYTES"]
    if not texts:
        return (None,) * _rows(tensors[0])
    chosen = next((tensor for tensor in texts if tensor.get("name") in TEXT_NAMES), texts[0])
    return tuple(map(_text, flat(chosen.get("data", []))))


def _rows(tensor: Mapping[str, Any]) -> int:
    shape = tensor.get("shape")
    known = isinstance(shape, list) and shape and isinstance(shape[0], int) and not isinstance(shape[0], bool)
    # A shape is only a claim; memory is not set aside on its word.
    return (
        min(shape[0], len(flat(tensor.get("data", []))))
        if known and isinstance(shape, list) and shape[0] > 0
        else 0
    )


def _text(value: Json) -> str | None:
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        named = next((value[name] for name in TEXT_NAMES if isinstance(value.get(name), str)), None)
        strings = [each for each in value.values() if isinstance(each, str)]
        return named if named is not None else strings[0] if len(strings) == 1 else None
    return None
