"""Every row of a large window as chunks of arrays, without texts: read once, never held together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from modelmonitor.sample import FloatArray, TimeArray
from modelmonitor.store.copyformat import COPY_HEADER
from modelmonitor.store.errors import MixedWindow

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

CHUNK_ROWS: Final = 8192
_POSTGRES_EPOCH: Final = np.datetime64("2000-01-01", "us")
_HASHES: Final = 2**32
_NOT_A_NUMBER: Final = np.array([np.nan], dtype="<f2").tobytes()
# Heap order, by one process: the same rows come in the same chunks, and sums round alike every time.
_STEADY: Final = "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL synchronize_seqscans = off"
_FROM: Final = """
FROM prediction_logs
WHERE deployment_id = %(deployment_id)s AND predicted_at >= %(start)s AND predicted_at < %(end)s
  AND (%(model_version)s::text IS NULL OR model_version = %(model_version)s)
  AND (%(hashes)s::bigint IS NULL
       OR ('x' || left(md5(%(seed)s::text || prediction_id::text), 8))::bit(32)::bigint < %(hashes)s)
"""
_STRANGE: Final = """
SELECT count(*) {rows} AND (cardinality(probabilities) <> %(classes)s
                            OR (%(width)s > 0 AND octet_length(embedding) <> %(width)s))
"""
_UNKNOWN: Final = "SELECT EXISTS (SELECT {rows} AND confidence_score IS NULL)"
_EMBEDDING: Final = ", coalesce(embedding, %(absent)s)"


@dataclass(frozen=True, slots=True)
class Question:
    """Which rows.

    Attributes:
        deployment_id: whose predictions.
        start: first moment, with time zone.
        end: first moment that does not belong to the window, with time zone.
        model_version: only predictions of this version; None for all.
        classes: number of class probabilities of a row.
        dimensions: of an embedding; 0 reads none.
        share: of the rows, chosen at random by their ids; 1 for all.
        seed: of the choice.
    """

    deployment_id: str
    start: datetime
    end: datetime
    model_version: str | None
    classes: int
    dimensions: int
    share: float
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A chunk of n rows.

    Attributes:
        ids: (n, 16) bytes of the prediction ids.
        predicted_at: (n,) datetime64[us] in UTC.
        probabilities: (n, k) float32.
        embeddings: (n, d) float16, not a number where a row has none; None if none were asked for.
    """

    ids: npt.NDArray[np.uint8]
    predicted_at: TimeArray
    probabilities: FloatArray
    embeddings: npt.NDArray[np.float16] | None


def stream_rows(conn: Connection, question: Question, take: Callable[[Rows], None]) -> None:
    """Hand every row of the question to `take`, in chunks; a transaction of its own is used.

    Raises:
        MixedWindow: rows with another number of classes or another length of embedding.
    """
    parameters = _parameters(question)
    columns = ", ".join(f"probabilities[{number + 1}]" for number in range(question.classes))
    more = _EMBEDDING if question.dimensions else ""
    with conn, conn.cursor() as cursor:
        cursor.execute(_STEADY)
        cursor.execute(_STRANGE.format(rows=_FROM), parameters)
        (strange,) = cursor.fetchone() or (0,)
        if strange:
            raise MixedWindow(
                f"{strange} predictions of {question.deployment_id} have another number of classes or "
                "another embedding than the rest: choose a time with one model version."
            )
        selected = cursor.mogrify(f"SELECT prediction_id, predicted_at, {columns}{more} {_FROM}", parameters)
        reader = _Reader(_record(question), take)
        cursor.copy_expert(f"COPY ({selected.decode()}) TO STDOUT (FORMAT binary)", reader)
    reader.flush()


def confidence_is_known(conn: Connection, question: Question) -> bool:
    """Whether the model told how sure it was of every row of the question."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_UNKNOWN.format(rows=_FROM), _parameters(question))
        (unknown,) = cursor.fetchone() or (False,)
    return not unknown


def _parameters(question: Question) -> dict[str, object]:
    return {
        "deployment_id": question.deployment_id,
        "start": question.start,
        "end": question.end,
        "model_version": question.model_version,
        "hashes": None if question.share >= 1.0 else int(question.share * _HASHES),
        "seed": question.seed,
        "classes": question.classes,
        "width": 2 * question.dimensions,
        "absent": _NOT_A_NUMBER * question.dimensions,
    }


def _record(question: Question) -> np.dtype[Any]:
    """One tuple of the binary COPY format; every field has its length before it."""
    fields: list[Any] = [("fields", ">i2"), ("", ">i4"), ("id", "u1", (16,)), ("", ">i4"), ("at", ">i8")]
    fields.append(("probabilities", [("length", ">i4"), ("value", ">f4")], (question.classes,)))
    if question.dimensions:
        fields += [("", ">i4"), ("embedding", "<f2", (question.dimensions,))]
    return np.dtype(fields)


class _Reader:
    """What COPY writes into: hands on whole rows in chunks and keeps what is left over."""

    def __init__(self, record: np.dtype[Any], take: Callable[[Rows], None]) -> None:
        self._record = record
        self._take = take
        self._buffer = bytearray()
        self._skip = len(COPY_HEADER)
        self._enough = CHUNK_ROWS * record.itemsize

    def write(self, data: bytes) -> int:
        """Called by psycopg2 with pieces of any length."""
        self._buffer += data
        if len(self._buffer) - self._skip >= self._enough:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hand on every whole row that is there."""
        rows = (len(self._buffer) - self._skip) // self._record.itemsize
        if rows < 1:
            return
        end = self._skip + rows * self._record.itemsize
        found = np.frombuffer(bytes(memoryview(self._buffer)[self._skip : end]), dtype=self._record)
        del self._buffer[:end]
        self._skip = 0
        self._take(_rows(found))


def _rows(found: npt.NDArray[Any]) -> Rows:
    named = found.dtype.names or ()
    return Rows(
        ids=found["id"],
        predicted_at=_POSTGRES_EPOCH + found["at"].astype("timedelta64[us]"),
        probabilities=found["probabilities"]["value"].astype(np.float32),
        embeddings=found["embedding"] if "embedding" in named else None,
    )
