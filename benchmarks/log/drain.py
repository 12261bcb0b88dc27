"""Rows a second from a full spool into the table, against a plain COPY of the same bytes."""

from __future__ import annotations

import io
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.log.rows import predictions
from benchmarks.serving.outcome import Detail, Figure, Outcome
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, copy_stream, prediction_tuple
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.partitions import ensure_partitions
from modelmonitor.store.records import Prediction
from modelmonitor.store.schema import migrate

GOAL: Final = 50_000
_BATCH: Final = 10_000
_APPEND: Final = 10


@dataclass(frozen=True, slots=True)
class Round:
    """Rows a second of one turn."""

    drain: float
    plain: float


def measure(server: EmbeddedPostgres, *, rows: int, rounds: int) -> Outcome:
    """Both sides in turns, with and without embeddings."""
    lines, figures, raw = [], [], {}
    for embeddings in (True, False):
        name = f"drain_{'with' if embeddings else 'without'}"
        url = server.create_database(name)
        migrate(url)
        with closing(connect(url, application_name="benchmark")) as conn:
            ensure_partitions(conn, now=datetime.now(UTC))
        turns = [_turn(url, list(predictions(rows, embeddings=embeddings))) for _ in range(rounds)]
        lines.append(_line(turns, embeddings=embeddings, rows=rows))
        figures.append(_figure(turns, embeddings=embeddings))
        raw[name] = {"drain": [turn.drain for turn in turns], "plain": [turn.plain for turn in turns]}
    detail = Detail(
        "Drain of a backlog",
        ("rows", "drain, rows/s", "plain COPY, rows/s", "drain / plain"),
        lines,
        "Plain: COPY BINARY of the same bytes into an unpartitioned table without index or key, on a "
        "connection that stands. Drain: from `start()` to the last COMMIT: reading, CRCs, three indexes, "
        "partitions and the connection. PostgreSQL runs with fsync on, on the same cores.",
    )
    return Outcome(figures, [detail], raw)


def _turn(url: str, batch: Sequence[Prediction]) -> Round:
    with tempfile.TemporaryDirectory(prefix="modelmonitor-log-") as directory:
        spool = Path(directory) / "spool"
        _fill(spool, batch)
        seconds = _drained(LogSettings(spool, url))
    _empty(url, "TRUNCATE prediction_logs")
    return Round(len(batch) / seconds, len(batch) / _plain(url, [prediction_tuple(row) for row in batch]))


def _fill(spool: Path, batch: Sequence[Prediction]) -> None:
    log = PredictionLog(LogSettings(spool, ""))
    log.start()
    for first in range(0, len(batch), _APPEND):
        log.append(batch[first : first + _APPEND])
    log.close(0)


def _drained(settings: LogSettings) -> float:
    log = PredictionLog(settings)
    begin = time.perf_counter()
    log.start()
    if not log.flush(600):
        msg = "the log was not drained in ten minutes"
        raise RuntimeError(msg)
    seconds = time.perf_counter() - begin
    log.close(5)
    return seconds


def _plain(url: str, tuples: Sequence[bytes]) -> float:
    _empty(url, "CREATE TABLE plain (LIKE prediction_logs INCLUDING STORAGE)")
    statement = f"COPY plain ({', '.join(PREDICTION_COLUMNS)}) FROM STDIN (FORMAT binary)"
    streams = [copy_stream(tuples[first : first + _BATCH]) for first in range(0, len(tuples), _BATCH)]
    with closing(connect(url, application_name="benchmark")) as conn, conn.cursor() as cursor:
        begin = time.perf_counter()
        for stream in streams:
            cursor.copy_expert(statement, io.BytesIO(stream), 1 << 20)
            conn.commit()
        seconds = time.perf_counter() - begin
    _empty(url, "DROP TABLE plain")
    return seconds


def _empty(url: str, statement: str) -> None:
    with closing(connect(url, application_name="benchmark")) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)


def _line(turns: Sequence[Round], *, embeddings: bool, rows: int) -> tuple[str, ...]:
    drains = [turn.drain for turn in turns]
    ratios = [turn.drain / turn.plain for turn in turns]
    return (
        f"{rows:,} {'with' if embeddings else 'without'} embeddings",
        _spread(drains, "{:,.0f}"),
        _spread([turn.plain for turn in turns], "{:,.0f}"),
        _spread(ratios, "{:.2f}"),
    )


def _figure(turns: Sequence[Round], *, embeddings: bool) -> Figure:
    drains = [turn.drain for turn in turns]
    name = f"drain {'with' if embeddings else 'without'} embeddings, rows/s"
    return Figure(name, f"≥ {GOAL:,}", _spread(drains, "{:,.0f}"), met=statistics.median(drains) >= GOAL)


def _spread(values: Sequence[float], form: str) -> str:
    low, middle, high = (
        form.format(value) for value in (min(values), statistics.median(values), max(values))
    )
    return f"{middle} [{low}, {high}]"
