"""All default checks of a million logged rows, in a process of its own so that its memory is its own.

    DATABASE_URL=… python -m benchmarks.drift.million_run REFERENCE_DEPLOYMENT WINDOW_DEPLOYMENT

Prints one JSON object: seconds of each step, peak memory, and what the detectors found.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from modelmonitor.detect.finding import Finding
from modelmonitor.detect.fourier import RffSums, fit_map
from modelmonitor.detect.mmd_fourier import compare
from modelmonitor.detect.registry import detector
from modelmonitor.sample import UNLABELLED, FloatArray, Sample
from modelmonitor.store.connection import connect

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

LEVEL: Final = 0.01
DIMENSIONS: Final = 384
TEXT_ROWS: Final = 10_000
FIT_ROWS: Final = 1000
_HEADER: Final = 19
_CHUNK_ROWS: Final = 8192
# One row of PostgreSQL's binary COPY format: every field has its length before it.
_RECORD: Final = np.dtype(
    [
        ("fields", ">i2"),
        ("length_0", ">i4"),
        ("negative", ">f4"),
        ("length_1", ">i4"),
        ("positive", ">f4"),
        ("length_2", ">i4"),
        ("embedding", "<f2", (DIMENSIONS,)),
    ]
)
_ROWS: Final = """
COPY (SELECT probabilities[1], probabilities[2], embedding FROM prediction_logs
      WHERE deployment_id = '{deployment}' AND octet_length(embedding) = {size}) TO STDOUT (FORMAT binary)
"""
_TEXTS: Final = """
SELECT input_text, embedding FROM prediction_logs
WHERE deployment_id = %(deployment)s AND mod(hashtextextended(prediction_id::text, 7), %(every)s) = 0
"""


class RowReader:
    """What COPY writes into: hands on whole rows in chunks and keeps what is left over."""

    def __init__(self, take: Callable[[np.ndarray[Any, Any]], None]) -> None:
        self._take = take
        self._buffer = bytearray()
        self._skip = _HEADER

    def write(self, data: bytes) -> int:
        """Called by psycopg2 with pieces of any length."""
        self._buffer += data
        if len(self._buffer) >= self._skip + _CHUNK_ROWS * _RECORD.itemsize:
            self.flush()
        return len(data)

    def flush(self) -> None:
        """Hand on every whole row that is there."""
        rows = (len(self._buffer) - self._skip) // _RECORD.itemsize
        if rows > 0:
            end = self._skip + rows * _RECORD.itemsize
            self._take(np.frombuffer(bytes(self._buffer[self._skip : end]), dtype=_RECORD))
            del self._buffer[:end]
            self._skip = 0


def read_rows(connection: Connection, deployment: str, take: Callable[[np.ndarray[Any, Any]], None]) -> None:
    """Stream all rows of one deployment in chunks."""
    reader = RowReader(take)
    with connection.cursor() as cursor:
        cursor.copy_expert(_ROWS.format(deployment=deployment, size=2 * DIMENSIONS), reader)
    reader.flush()


def read_texts(connection: Connection, deployment: str, *, rows: int) -> tuple[list[str], FloatArray]:
    """About TEXT_ROWS random texts with their embeddings."""
    with connection.cursor() as cursor:
        cursor.execute(_TEXTS, {"deployment": deployment, "every": max(1, rows // TEXT_ROWS)})
        found = cursor.fetchall()
    embeddings = np.stack([np.frombuffer(row[1], dtype="<f2").astype(np.float32) for row in found[:FIT_ROWS]])
    return [row[0] for row in found], embeddings


def count(connection: Connection, deployment: str) -> int:
    """Logged rows of one deployment."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM prediction_logs WHERE deployment_id = %s", (deployment,))
        (rows,) = cursor.fetchone() or (0,)
    return int(rows)


def sample(probabilities: FloatArray, texts: list[str] | None = None) -> Sample:
    """Columns as a sample without embeddings."""
    n = len(texts) if texts else len(probabilities)
    return Sample(
        classes=("NEGATIVE", "POSITIVE"),
        prediction_ids=("",) * n,
        texts=tuple(texts) if texts else (None,) * n,
        probabilities=probabilities if not texts else np.full((n, 2), 0.5, dtype=np.float32),
        embeddings=None,
        predicted_at=np.zeros(n, dtype="datetime64[us]"),
        labels=np.full(n, UNLABELLED, dtype=np.int64),
    )


class Clock:
    """Seconds of each step."""

    def __init__(self) -> None:
        self.steps: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, step: str) -> None:
        """The step ended now."""
        now = time.perf_counter()
        self.steps[step] = now - self._last
        self._last = now


def check(connection: Connection, reference: str, window: str, clock: Clock) -> Iterator[Finding]:
    """Every default check of the window: mmd and tfidf-similarity, chi-square, ks."""
    sides = {side: read_texts(connection, side, rows=count(connection, side)) for side in (reference, window)}
    clock.mark("count, and random texts")
    feature_map = fit_map(
        np.concatenate([sides[reference][1], sides[window][1]]), components=64, frequencies=128, seed=0
    )
    sums = {side: RffSums.empty(feature_map.size) for side in sides}
    probabilities: dict[str, list[FloatArray]] = {side: [] for side in sides}
    for side in sides:

        def take(rows: np.ndarray[Any, Any], side: str = side) -> None:
            features = feature_map.features(rows["embedding"].astype(np.float32))
            sums[side] = sums[side].accumulate(features)
            probabilities[side].append(
                np.stack([rows["negative"], rows["positive"]], axis=1).astype(np.float32)
            )

        read_rows(connection, side, take)
    clock.mark("read all rows, sum their features")
    yield compare(sums[reference], sums[window], level=LEVEL, seed=0)
    clock.mark("mmd-fourier")
    words = detector("tfidf-similarity", backend="native")
    yield words(*(sample(np.empty((0, 2)), sides[side][0]) for side in sides), level=LEVEL, seed=0)
    clock.mark("tfidf-similarity")
    columns = [sample(np.concatenate(probabilities[side])) for side in sides]
    for name in ("chi-square", "ks"):
        yield detector(name, backend="native")(columns[0], columns[1], level=LEVEL, seed=0)
        clock.mark(name)


def main(reference: str, window: str) -> None:
    """Run the checks and print what they cost."""
    clock, start = Clock(), time.perf_counter()
    connection = connect(os.environ["DATABASE_URL"], application_name="bench-drift")
    findings = list(check(connection, reference, window, clock))
    report = {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time(),
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "steps": clock.steps,
        "findings": [
            {
                "detector": found.detector,
                "n_reference": found.n_reference,
                "n_window": found.n_window,
                "p_value": found.p_value,
                "effect": found.effect_size,
            }
            for found in findings
        ],
    }
    sys.stdout.write(json.dumps(report) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
