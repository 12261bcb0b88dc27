"""Labelled texts from a CSV, NDJSON or Parquet file with the columns `text` and, optionally, `label`."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final

from modelmonitor.job.errors import JobError
from modelmonitor.store.datasets import LabelledText

DATASETS: Final = "modelmonitor.datasets"
"""Group of entry points by which installed packages offer data sets."""


class UnreadableDataset(JobError):
    """The file of a data set is missing or malformed; the message names the line."""


def installed_dataset(name: str) -> Sequence[LabelledText]:
    """The labelled texts that an installed package offers under this name.

    Raises:
        KeyError: no package does.
    """
    texts: Sequence[LabelledText] = entry_points(group=DATASETS)[name].load()()
    return texts


def read_dataset(path: Path) -> tuple[LabelledText, ...]:
    """The texts of a file, each with its label (None where it has none).

    Args:
        path: as for `read_rows`.

    Raises:
        UnreadableDataset: no such file, another format, or a row without text.
    """
    return tuple(labelled(row, path, line) for line, row in read_rows(path))


def read_rows(path: Path) -> tuple[tuple[int, Mapping[str, object]], ...]:
    """The rows of a file with their line numbers; at least one.

    Args:
        path: a `.csv` file with a header, `.ndjson`/`.jsonl` with one object a line, or `.parquet`.

    Raises:
        UnreadableDataset: no such file, another format, or no rows.
    """
    try:
        found = tuple(_parquet_rows(path) if path.suffix == ".parquet" else _text_rows(path))
    except OSError as error:
        raise UnreadableDataset(f"The data set {path} cannot be read: {error.strerror or error}.") from None
    except csv.Error as error:
        raise UnreadableDataset(
            f"The data set {path} is not CSV ({error}): use NDJSON for long texts."
        ) from None
    except UnicodeDecodeError:
        raise UnreadableDataset(f"The data set {path} is not UTF-8 text: convert it.") from None
    if not found:
        raise UnreadableDataset(f"The data set {path} has no rows: give it lines with text and label.")
    return found


def _text_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    with path.open(encoding="utf-8", newline="") as file:
        if path.suffix == ".csv":
            reader = csv.DictReader(file)
            yield from ((reader.line_num, dict(row)) for row in reader)
        elif path.suffix in {".ndjson", ".jsonl"}:
            lines = enumerate(file, start=1)
            yield from ((line, _object(text, path, line)) for line, text in lines if text.strip())
        else:
            raise UnreadableDataset(f"The data set {path} must end in .csv, .ndjson, .jsonl or .parquet.")


def _parquet_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    try:
        from pyarrow import ArrowInvalid
        from pyarrow.parquet import read_table
    except ImportError:
        raise UnreadableDataset(
            f"The data set {path} is Parquet, which needs pyarrow: install it, or write CSV or NDJSON."
        ) from None
    try:
        rows = read_table(path).to_pylist()
    except ArrowInvalid as error:
        raise UnreadableDataset(f"The data set {path} is not Parquet ({error}): write it again.") from None
    return iter(enumerate(rows, start=1))


def _object(text: str, path: Path, line: int) -> Mapping[str, object]:
    try:
        row = json.loads(text)
    except json.JSONDecodeError as error:
        raise UnreadableDataset(f"{path} line {line} is not JSON: {error.msg}.") from None
    if not isinstance(row, dict):
        raise UnreadableDataset(
            f'{path} line {line} must be an object such as {{"text": "…", "label": "…"}}.'
        )
    return row


def labelled(row: Mapping[str, object], path: Path, line: int) -> LabelledText:
    """Text and label of one row; raises UnreadableDataset, naming the line, where it has no text."""
    text, label = row.get("text"), row.get("label")
    if not isinstance(text, str) or not text.strip():
        raise UnreadableDataset(
            f"{path} line {line} has no text: the column must be named text and be filled."
        )
    if label is not None and not isinstance(label, str):
        raise UnreadableDataset(f"{path} line {line} has a label that is not text: write it in quotes.")
    return text, label or None
