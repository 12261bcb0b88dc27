"""Rows as PostgreSQL COPY BINARY tuples: a row is encoded once, at admission, and only copied after that.

The format is that of the PostgreSQL manual, COPY, "Binary Format": a 16-bit field count, then each field as a
32-bit length (-1 for NULL) and the bytes of the type's binary send function; everything big-endian.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from modelmonitor.store.records import Prediction

PREDICTION_COLUMNS: Final = (
    "prediction_id",
    "predicted_at",
    "deployment_id",
    "model_name",
    "model_version",
    "source",
    "predicted_sentiment",
    "input_text",
    "confidence_score",
    "probabilities",
    "embedding",
    "latency_ms",
    "segment",
)
COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\x00" + struct.pack(">ii", 0, 0)
COPY_TRAILER: Final = struct.pack(">h", -1)
NULL_FIELD: Final = struct.pack(">i", -1)

_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_LENGTH = struct.Struct(">i")
_HEAD = struct.Struct(">hi16siq")
_CONFIDENCE = struct.Struct(">id")
_LATENCY = struct.Struct(">if")
_FLOAT4_OID = 700
_JSONB_VERSION = b"\x01"
_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")


def copy_stream(rows: Iterable[bytes]) -> bytes:
    """A complete COPY BINARY input of the given tuples."""
    return b"".join((COPY_HEADER, *rows, COPY_TRAILER))


def tuple_of(*fields: bytes) -> bytes:
    """One tuple of encoded fields."""
    return struct.pack(">h", len(fields)) + b"".join(fields)


def storable(text: str) -> str:
    """The text with what PostgreSQL cannot hold (NUL, lone surrogates) replaced by U+FFFD."""
    return _NOT_STORABLE.sub("\ufffd", text)


def is_storable(text: str) -> bool:
    """Whether PostgreSQL can hold the text as it is."""
    return _NOT_STORABLE.search(text) is None


def text_field(text: str | None) -> bytes:
    """A `text` value, repaired by `storable`."""
    return NULL_FIELD if text is None else bytes_field(storable(text).encode())


def bytes_field(data: bytes | None) -> bytes:
    """A `bytea` value, or any value already in binary form."""
    return NULL_FIELD if data is None else _LENGTH.pack(len(data)) + data


def integer_field(value: int) -> bytes:
    """An `integer` value."""
    return struct.pack(">ii", 4, value)


def timestamp_field(moment: datetime) -> bytes:
    """A `timestamptz` value."""
    return struct.pack(">iq", 8, _microseconds(moment))


def reals_field(values: tuple[float, ...]) -> bytes:
    """A one-dimensional `real[]` value."""
    return _reals(len(values)).pack(
        *_reals_head(len(values)), *(item for value in values for item in (4, value))
    )


def json_field(members: Mapping[str, str]) -> bytes:
    """A `jsonb` object of strings."""
    clean = {storable(key): storable(value) for key, value in members.items()}
    return bytes_field(_JSONB_VERSION + json.dumps(clean, ensure_ascii=False).encode())


_NO_SEGMENT: Final = json_field({})


def needs_repair(prediction: Prediction) -> bool:
    """Whether a text of the prediction cannot be stored as it is."""
    texts = (prediction.input_text or "", *prediction.segment.keys(), *prediction.segment.values())
    return not all(map(is_storable, texts))


def prediction_tuple(prediction: Prediction) -> bytes:
    """A prediction as one tuple of PREDICTION_COLUMNS; texts are repaired by `storable`."""
    return b"".join(
        (
            _HEAD.pack(
                len(PREDICTION_COLUMNS),
                16,
                prediction.prediction_id.bytes,
                8,
                _microseconds(prediction.predicted_at),
            ),
            _names(
                prediction.deployment_id,
                prediction.model_name,
                prediction.model_version,
                prediction.source,
                prediction.predicted_sentiment,
            ),
            text_field(prediction.input_text),
            NULL_FIELD
            if prediction.confidence_score is None
            else _CONFIDENCE.pack(8, prediction.confidence_score),
            reals_field(prediction.probabilities),
            bytes_field(prediction.embedding),
            _LATENCY.pack(4, prediction.latency_ms),
            json_field(prediction.segment) if prediction.segment else _NO_SEGMENT,
        )
    )


@lru_cache(maxsize=1024)
def _names(*names: str) -> bytes:
    return b"".join(map(text_field, names))


@lru_cache(maxsize=64)
def _reals(count: int) -> struct.Struct:
    return struct.Struct(">iiiiii" + "if" * count if count else ">iiii")


@lru_cache(maxsize=64)
def _reals_head(count: int) -> tuple[int, ...]:
    # dimensions, no-nulls flag, element type; then length and lower bound of the one dimension
    if count == 0:
        return (12, 0, 0, _FLOAT4_OID)
    return (20 + 8 * count, 1, 0, _FLOAT4_OID, count, 1)


def _microseconds(moment: datetime) -> int:
    since = moment - _POSTGRES_EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
