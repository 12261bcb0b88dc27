"""Rows that a model scored before: a table with one column of probabilities for each class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

import numpy as np

from modelmonitor.job.reference import label_index
from modelmonitor.job.references.sources import ReferenceNotBuilt
from modelmonitor.sample import FloatArray, Sample
from modelmonitor.store.datasets import LabelledText

_PROBABILITY: Final = "probability_"
_EMBEDDING: Final = "embedding"
_TOLERANCE: Final = 1e-3

Rows = Sequence[tuple[int, Mapping[str, object]]]


def scored_sample(
    rows: Rows, texts: Sequence[LabelledText], *, source: str, privacy: str, now: datetime
) -> Sample | None:
    """The sample of a scored table; None if it has no column `probability_CLASS`: then it has texts alone.

    Args:
        rows: with their line numbers.
        texts: of the same rows, with labels.
        source: name of the table, for messages.
        privacy: `spec.privacy.input`; texts are kept only if it is store.
        now: stands for the time of every row, with time zone.

    Raises:
        ReferenceNotBuilt: probabilities or embeddings are missing, no numbers, or do not fit together.
        UnknownLabel: a label is none of the classes.
    """
    classes = tuple(name.removeprefix(_PROBABILITY) for name in rows[0][1] if name.startswith(_PROBABILITY))
    if not classes:
        return None
    moment = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    return Sample(
        classes=classes,
        prediction_ids=("",) * len(rows),
        texts=tuple(text if privacy == "store" else None for text, _ in texts),
        probabilities=_probabilities(rows, classes, source),
        embeddings=_embeddings(rows, source),
        predicted_at=np.full(len(rows), moment, dtype="datetime64[us]"),
        labels=np.asarray([label_index(label, classes) for _, label in texts], dtype=np.int64),
    )


def _probabilities(rows: Rows, classes: Sequence[str], source: str) -> FloatArray:
    values = [[_number(row.get(f"{_PROBABILITY}{name}")) for name in classes] for _, row in rows]
    for (line, _), row in zip(rows, values, strict=True):
        # A cell that is no number is nan, and nan is near to nothing.
        if min(row) < 0 or not math.isclose(math.fsum(row), 1.0, abs_tol=_TOLERANCE):
            raise ReferenceNotBuilt(
                f"Row {line} of {source} has no probabilities that sum to 1 in the columns "
                f"{', '.join(_PROBABILITY + name for name in classes)}: correct it, or leave the columns out."
            )
    return np.asarray(values, dtype=np.float32)


def _number(value: object) -> float:
    try:
        return float(value) if isinstance(value, str | int | float) else math.nan
    except ValueError:
        return math.nan


def _embeddings(rows: Rows, source: str) -> FloatArray | None:
    found = [row.get(_EMBEDDING) for _, row in rows]
    if all(value in (None, "") for value in found):
        return None
    try:
        stacked = np.asarray(found, dtype=np.float32)
    except (TypeError, ValueError):
        stacked = np.empty(0, dtype=np.float32)
    if stacked.ndim != 2 or not np.isfinite(stacked).all():
        raise ReferenceNotBuilt(
            f"The column {_EMBEDDING} of {source} must be a list of equally many numbers in every row: "
            "write Parquet or NDJSON, or leave the column out."
        )
    return stacked
