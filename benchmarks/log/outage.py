"""PostgreSQL is stopped for minutes while predictions go on; afterwards every one of them is there, once."""

from __future__ import annotations

import tempfile
import time
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.log.rows import predictions
from benchmarks.serving.outcome import Detail, Figure, Outcome
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.schema import migrate

ROWS_A_SECOND: Final = 1000
_TICK_S: Final = 0.05


def measure(server: EmbeddedPostgres, *, minutes: float) -> Outcome:
    """Load before, during and after the outage; then a reconciliation by id."""
    url = server.create_database("outage")
    migrate(url)
    with tempfile.TemporaryDirectory(prefix="modelmonitor-log-") as directory:
        log = PredictionLog(LogSettings(Path(directory), url))
        log.start()
        load = _Load(log)
        load.go_on(5)
        server.stop()
        load.go_on(minutes * 60)
        backlog = log.pending_bytes
        server.start()
        back = time.perf_counter()
        drained = log.flush(600)
        seconds = time.perf_counter() - back
        load.go_on(2)
        log.flush(60)
        log.close(5)
    stored = _ids(url)
    lost, doubled = len(load.ids - set(stored)), len(stored) - len(set(stored))
    line = (
        f"{minutes:g} min",
        f"{len(load.ids):,} at {ROWS_A_SECOND:,}/s",
        f"{backlog / 2**20:,.0f} MB",
        f"{seconds:.1f} s" if drained else "not in 10 min",
        str(lost),
        str(doubled),
        f"{load.longest_ms:.1f} ms",
    )
    columns = (
        "outage",
        "predictions",
        "backlog",
        "drained after its end",
        "lost",
        "doubled",
        "longest append",
    )
    note = "The time to drain holds the pause until the log tries again, at most 10 s."
    figure = Figure(
        f"rows lost and doubled over {minutes:g} minutes without PostgreSQL",
        "0 and 0",
        f"{lost} and {doubled} of {len(load.ids):,}",
        met=drained and not lost and not doubled,
    )
    return Outcome([figure], [Detail("PostgreSQL away", columns, [line], note)])


class _Load:
    """Predictions at a steady rate, and what was acknowledged."""

    def __init__(self, log: PredictionLog) -> None:
        self._log = log
        self._source = predictions(10**9, embeddings=True)
        self.ids: set[str] = set()
        self.longest_ms = 0.0

    def go_on(self, seconds: float) -> None:
        begin = time.perf_counter()
        for tick in range(int(seconds / _TICK_S)):
            time.sleep(max(0.0, begin + tick * _TICK_S - time.perf_counter()))
            rows = list(islice(self._source, int(ROWS_A_SECOND * _TICK_S)))
            before = time.perf_counter()
            self._log.append(rows)
            self.longest_ms = max(self.longest_ms, (time.perf_counter() - before) * 1000)
            self.ids.update(str(row.prediction_id) for row in rows)


def _ids(url: str) -> list[str]:
    with closing(connect(url, application_name="benchmark")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT prediction_id::text FROM prediction_logs")
        return [row[0] for row in cursor]
