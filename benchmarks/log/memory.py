"""Resident memory of a process that drains a backlog: from before it opens the spool to the highest point."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks.log.rows import predictions
from benchmarks.serving.outcome import Detail, Figure, Outcome
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.schema import migrate

GOAL_MB: Final = 64
_APPEND: Final = 100
# Runs alone: another thread of this process would be counted too.
_CHILD: Final = "import sys; from benchmarks.log.memory import drain_and_tell; drain_and_tell(sys.argv[1])"


def measure(server: EmbeddedPostgres, *, backlogs: Sequence[int]) -> Outcome:
    """One line a backlog."""
    lines, figures = [], []
    for rows in backlogs:
        url = server.create_database(f"memory_{rows}")
        migrate(url)
        with tempfile.TemporaryDirectory(prefix="modelmonitor-log-") as directory:
            size = _fill(Path(directory), rows)
            before, highest = _drain_in_process(Path(directory), url)
        growth = (highest - before) / 1024
        lines.append((f"{rows:,}", f"{size / 2**20:,.0f} MB", f"{before / 1024:.0f} MB", f"{growth:.1f} MB"))
        figures.append(
            Figure(
                f"growth of resident memory at a backlog of {rows:,} rows",
                f"≤ {GOAL_MB} MB",
                f"{growth:.1f} MB",
                met=growth <= GOAL_MB,
            )
        )
    columns = ("backlog, rows", "on disk", "resident before", "growth to the peak")
    return Outcome(figures, [Detail("Memory of the drain, with embeddings", columns, lines)])


def drain_and_tell(directory: str) -> None:
    """Drain the spool and print kB resident before and at the highest point."""
    before = _status("VmRSS")
    log = PredictionLog(LogSettings(Path(directory), os.environ["DATABASE_URL"]))
    log.start()
    drained = log.flush(1200)
    log.close(5)
    sys.stdout.write(f"{before} {_status('VmHWM')}\n")
    sys.exit(not drained)


def _fill(directory: Path, rows: int) -> int:
    log = PredictionLog(LogSettings(directory, ""))
    log.start()
    source = predictions(rows, embeddings=True)
    while some := list(islice(source, _APPEND)):
        log.append(some)
    size = log.pending_bytes
    log.close(0)
    return size


def _drain_in_process(directory: Path, url: str) -> tuple[int, int]:
    told = subprocess.run(
        [sys.executable, "-c", _CHILD, str(directory)],
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return int(told[0]), int(told[1])


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))
