"""The header by which a caller says to which segment (language, channel, tenant) a request belongs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from model_server.errors import InvalidRequest

SEGMENT_HEADER: Final = "x-modelmonitor-segment"
# Every pair is stored with every row: bounds keep the log from becoming somebody's key-value store.
MAX_PAIRS: Final = 8
MAX_VALUE_CHARS: Final = 64
KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,62}")
NO_SEGMENT: Final[Mapping[str, str]] = MappingProxyType({})


def parse_segment(header: str | None) -> Mapping[str, str]:
    """`language=en,channel=app` as a mapping; empty for a missing header.

    Raises:
        InvalidRequest: not of that form, a key twice, more than 8 pairs, or a value of more than 64 letters.
    """
    if not header or not header.strip():
        return NO_SEGMENT
    pairs = [part.partition("=") for part in header.split(",")]
    if len(pairs) > MAX_PAIRS:
        raise _invalid(f"has {len(pairs)} pairs and {MAX_PAIRS} are allowed")
    segment: dict[str, str] = {}
    for raw_key, separator, raw_value in pairs:
        key, value = raw_key.strip(), raw_value.strip()
        if not separator or not KEY.fullmatch(key):
            raise _invalid(
                "must be pairs like language=en,channel=app, keys of letters, digits, dot, dash, underscore"
            )
        if not value or len(value) > MAX_VALUE_CHARS or not value.isprintable():
            raise _invalid(f"needs a printable value of 1 to {MAX_VALUE_CHARS} characters for {key}")
        if key in segment:
            raise _invalid(f"gives {key} twice")
        segment[key] = value
    return segment


def _invalid(problem: str) -> InvalidRequest:
    return InvalidRequest(f"the header {SEGMENT_HEADER} {problem}.")
