"""Labels from the text of a CSV, JSON or NDJSON file, every wrong line named."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from modelmonitor.cli.errors import WrongInput

if TYPE_CHECKING:
    from modelmonitor.store.feedback import Feedback

_FORMATS: Final = ("csv", "json", "ndjson")
_FIELDS: Final = ("prediction_id", "label", "labelled_at", "source")
_TOLD: Final = 10
_MOST_CHARS: Final = 256
# A label of the future would count more than all that come until then.
_CLOCK_TOLERANCE: Final = timedelta(hours=1)


class _WrongLine(Exception):  # becomes one line of the message
    """One label cannot be taken."""


def read_label_file(text: str, *, source: str, given: str, now: datetime) -> tuple[Feedback, ...]:
    """All labels of a file.

    Args:
        text: its content.
        source: how to name it.
        given: csv, json or ndjson; empty: by the first character.
        now: the time of labels that do not tell theirs, UTC.

    Raises:
        WrongInput: the file or some lines cannot be taken, so none is; the first ten are named.
    """
    text = text.removeprefix("\ufeff")
    if given not in ("", *_FORMATS):
        msg = f"--format {given!r} is none: choose {', '.join(_FORMATS)}"
        raise WrongInput(msg)
    labels, wrong = [], []
    for line, row in _rows(text, given or _guessed(text), source):
        try:
            labels.append(_label(row, now=now, source=source))
        except _WrongLine as problem:
            wrong.append(f"  line {line}: {problem}")
    if wrong:
        more = [f"  and {len(wrong) - _TOLD} more"] if len(wrong) > _TOLD else []
        total = len(labels) + len(wrong)
        head = f"{len(wrong)} of {total} labels of {source} cannot be taken, none was written:"
        raise WrongInput("\n".join((head, *wrong[:_TOLD], *more)))
    if not labels:
        msg = f"{source} holds no label: write a line with prediction_id and label"
        raise WrongInput(msg)
    return tuple(labels)


def _guessed(text: str) -> str:
    first = text.lstrip()[:1]
    return {"[": "json", "{": "ndjson"}.get(first, "csv")


def _rows(text: str, form: str, source: str) -> Iterator[tuple[int, Any]]:
    if form == "csv":
        yield from _csv_rows(text, source)
    elif form == "ndjson":
        for number, line in enumerate(text.splitlines(), start=1):
            if line.strip():
                yield number, _parsed(line, f"{source}, line {number}")
    else:
        content = _parsed(text, source)
        rows = content if isinstance(content, list) else [content]
        yield from enumerate(rows, start=1)


def _csv_rows(text: str, source: str) -> Iterator[tuple[int, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), skipinitialspace=True, strict=True)
    try:
        _check_columns(reader.fieldnames or (), source)
        for row in reader:
            yield reader.line_num, {name: value for name, value in row.items() if value not in (None, "")}
    except csv.Error as error:
        msg = f"{source}, line {reader.line_num}, is not CSV: {error}"
        raise WrongInput(msg) from None


def _check_columns(names: Collection[str], source: str) -> None:
    missing = [name for name in _FIELDS[:2] if name not in names]
    if missing:
        absent = " and no column ".join(missing)
        msg = f"{source} has no column {absent}: its first line must be prediction_id,label"
        raise WrongInput(msg)


def _parsed(text: str, source: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except ValueError as error:
        msg = f"{source} is not JSON: {error}"
        raise WrongInput(msg) from None


def _label(row: Any, *, now: datetime, source: str) -> Feedback:  # noqa: ANN401 - JSON
    # Imported here, for the store brings the database driver.
    from modelmonitor.store.feedback import Feedback

    if not isinstance(row, Mapping):
        msg = "a label must be an object with prediction_id and label"
        raise _WrongLine(msg)
    strange = [str(name) for name in row if name not in _FIELDS]
    if strange:
        msg = f"there is no field {strange[0]!r}; fields are {', '.join(_FIELDS)}"
        raise _WrongLine(msg)
    return Feedback(
        prediction_id=_identity(row.get("prediction_id")),
        label=_name(row.get("label")),
        labelled_at=_moment(row.get("labelled_at"), now=now),
        source=str(row.get("source") or f"import {source}")[:_MOST_CHARS],
    )


def _identity(value: object) -> uuid.UUID:
    try:
        return uuid.UUID(str(value))
    except ValueError:
        msg = "prediction_id is not a UUID, as predictions return it"
        raise _WrongLine(msg) from None


def _name(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_CHARS:
        msg = f"label must be the name of a class, at most {_MOST_CHARS} characters"
        raise _WrongLine(msg)
    return value


def _moment(value: object, *, now: datetime) -> datetime:
    if value is None:
        return now
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        msg = "labelled_at is not a time: write 2026-11-20T12:00:00Z"
        raise _WrongLine(msg) from None
    if moment.tzinfo is None:
        msg = "labelled_at has no time zone: end it with Z for UTC"
        raise _WrongLine(msg)
    if moment > now + _CLOCK_TOLERANCE:
        msg = "labelled_at is in the future: correct it"
        raise _WrongLine(msg)
    return moment
