"""Labels out of a request body, JSON, NDJSON or CSV, each with the line that it stands on."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

import orjson

from model_server.collector.errors import InvalidLabels, InvalidRequest
from model_server.collector.json_value import Json
from model_server.json_text import parse_json

_NDJSON: Final = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"}
)
_CSV: Final = frozenset({"text/csv", "application/csv"})
_JSON: Final = frozenset({"application/json"})
_MAX_FIELD_BYTES: Final = 1 << 16


def label_rows(body: bytes, content_type: str) -> Iterator[tuple[int, Json]]:
    """Line number and value of each label; of a JSON list the place in it, from 1.

    What the content type does not say (curl calls everything a form), the first character does.

    Raises:
        InvalidRequest: the body is empty, not UTF-8, or not of its format; the sentence says where.
        InvalidLabels: a line of NDJSON is not JSON.
    """
    text = _text(body)
    kind = content_type.partition(";")[0].strip().lower()
    if kind in _CSV:
        return _csv(text)
    if kind in _NDJSON:
        return _ndjson(text)
    if kind not in _JSON and text[0] not in "{[":
        return _csv(text)
    return _json(text)


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest("the body is not UTF-8; save the file as UTF-8 and send it again.") from None
    if not text.strip():
        raise InvalidRequest(
            'the body is empty; send labels like {"prediction_id": "…", "label": "POSITIVE"}.'
        )
    # Line numbers count from the first line that was sent.
    return text if text[0] not in " \t\r\n" else text.lstrip(" \t")


def _json(text: str) -> Iterator[tuple[int, Json]]:
    try:
        value = parse_json(text)
    except InvalidRequest:
        if _is_ndjson(text):
            return _ndjson(text)
        raise
    return enumerate(value if isinstance(value, list) else [value], start=1)


def _is_ndjson(text: str) -> bool:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return len(lines) > 1 and isinstance(orjson.loads(lines[0]), dict)
    except orjson.JSONDecodeError:
        return False


def _ndjson(text: str) -> Iterator[tuple[int, Json]]:
    rows: list[tuple[int, Json]] = []
    wrong: list[tuple[int, str]] = []
    # Not splitlines: JSON strings may hold the separators of Unicode.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                rows.append((number, orjson.loads(line)))
            except orjson.JSONDecodeError as error:
                wrong.append((number, f"not valid JSON: {error.msg} at column {error.colno}"))
    if wrong:
        raise InvalidLabels(f"{len(wrong)} lines are not JSON, so no label was taken.", tuple(wrong))
    return iter(rows)


def _csv(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    csv.field_size_limit(_MAX_FIELD_BYTES)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True, restkey="")
    try:
        names = [name.strip() for name in reader.fieldnames or ()]
        reader.fieldnames = names
        if "label" not in names:
            msg = (
                "the first line of the CSV must name its columns, with label and prediction_id (or event_id, "
                "deployment_id and index) among them."
            )
            raise InvalidRequest(msg)
        # An empty cell is a column left out.
        return iter([(reader.line_num, _filled(row)) for row in reader])
    except csv.Error as error:
        raise InvalidRequest(f"the body is not valid CSV: {error} at line {reader.line_num + 1}.") from None


def _filled(row: Mapping[str, str | None]) -> Mapping[str, str]:
    return {name: value for name, value in row.items() if value}
