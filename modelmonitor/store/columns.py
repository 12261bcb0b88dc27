"""Database values of the log as columns of a `Sample`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np

from modelmonitor.sample import UNLABELLED, FloatArray, IntArray, Sample, TimeArray
from modelmonitor.store.errors import MixedWindow

_LITTLE_ENDIAN_HALF: Final = np.dtype("<f2")


@dataclass(frozen=True, slots=True)
class StoredRow:
    """One row of `prediction_logs` or `drift_reference_rows`, with its latest label.

    Of a row whose model told the class alone, `predicted` is that class and `confidence_known` False.
    """

    prediction_id: str
    predicted_at: datetime
    input_text: str | None
    probabilities: Sequence[float]
    embedding: bytes | memoryview | None
    label: str | None
    segment: Mapping[str, str] = field(default_factory=dict)
    predicted: str | None = None
    confidence_known: bool = True


def sample_of(rows: Sequence[StoredRow], *, classes: tuple[str, ...], source: str) -> Sample:
    """Rows as columns; embeddings only if every row has one; labels that are not a class count as unlabelled.

    Args:
        rows: in the order of the sample.
        classes: class names in the order of the probabilities.
        source: where the rows are from, for messages.

    Raises:
        MixedWindow: the rows do not all have one probability a class, or their embeddings differ in length.
    """
    return Sample(
        classes=classes,
        prediction_ids=tuple(row.prediction_id for row in rows),
        texts=tuple(row.input_text for row in rows),
        probabilities=_probabilities(rows, classes, source),
        embeddings=_embeddings(rows, source),
        predicted_at=_times([row.predicted_at for row in rows]),
        labels=_labels(rows, classes),
        segments=tuple(row.segment for row in rows) if any(row.segment for row in rows) else (),
        confidence_known=all(row.confidence_known for row in rows),
    )


def half_precision(embedding: FloatArray) -> bytes:
    """One embedding as it is stored: float16, little-endian."""
    return embedding.astype(_LITTLE_ENDIAN_HALF).tobytes()


def _probabilities(rows: Sequence[StoredRow], classes: tuple[str, ...], source: str) -> FloatArray:
    given = [_probabilities_of(row, classes) for row in rows]
    strange = sum(len(each) != len(classes) for each in given)
    if strange:
        raise MixedWindow(
            f"{strange} of {len(rows)} rows of {source} do not have {len(classes)} probabilities "
            f"({', '.join(classes)}): choose a model version or a time with one set of classes."
        )
    return np.array(given, dtype=np.float32).reshape(len(rows), len(classes))


def _probabilities_of(row: StoredRow, classes: tuple[str, ...]) -> Sequence[float]:
    if row.probabilities or row.predicted not in classes:
        return row.probabilities
    return [float(name == row.predicted) for name in classes]


def _embeddings(rows: Sequence[StoredRow], source: str) -> FloatArray | None:
    stored = [bytes(row.embedding) for row in rows if row.embedding is not None]
    if not stored or len(stored) < len(rows):
        return None
    if len({len(data) for data in stored}) > 1:
        raise MixedWindow(f"Embeddings of {source} differ in length: choose a time with one model version.")
    return (
        np.frombuffer(b"".join(stored), dtype=_LITTLE_ENDIAN_HALF).reshape(len(rows), -1).astype(np.float32)
    )


def _times(moments: Sequence[datetime]) -> TimeArray:
    naive = [moment.astimezone(UTC).replace(tzinfo=None) for moment in moments]
    return np.array(naive, dtype="datetime64[us]")


def _labels(rows: Sequence[StoredRow], classes: tuple[str, ...]) -> IntArray:
    index = {name: number for number, name in enumerate(classes)}
    labels = [UNLABELLED if row.label is None else index.get(row.label, UNLABELLED) for row in rows]
    return np.array(labels, dtype=np.int64)
