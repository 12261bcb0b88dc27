"""JSON that somebody sent, or one sentence on where it is none."""

from __future__ import annotations

from typing import Any

import orjson

from model_server.errors import InvalidRequest


def parse_json(text: bytes | str, *, what: str = "the body") -> Any:  # noqa: ANN401  # any JSON
    """The value; the parser's own message would quote what was sent.

    Raises:
        InvalidRequest: with the place of the first mistake.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        msg = f"{what} is not valid JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        raise InvalidRequest(msg) from None
