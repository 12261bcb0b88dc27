"""A million logged rows against 25,000 of the reference, out of PostgreSQL: seconds and memory of the job.

What is measured is `python -m modelmonitor.job`, from start to exit: it reads, tests, explains, estimates the
accuracy, and writes results and report.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from benchmarks.drift.features import MOVIE
from benchmarks.report import Table
from modelmonitor.demo.data import Corpus
from modelmonitor.sample import Sample
from modelmonitor.store.connection import connect
from modelmonitor.store.references import NEXT_VERSION, Reference, save_reference
from modelmonitor.store.results import list_results
from modelmonitor.store.schema import migrate

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

REFERENCE_ROWS: Final = 25_000
WINDOW_ROWS: Final = 1_000_000
LIMIT_SECONDS: Final = 60
LIMIT_MIB: Final = 1500
_MONITOR: Final = """
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment, namespace: bench}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: reviews}
  privacy: {input: store}
  checks:
    - name: data
      type: data
      window: {maxRows: 1000000}
      detector: {name: mmd-fourier, backend: native}
    - name: concept
      type: concept
      window: {maxRows: 1000000}
      detector: {name: chi-square, backend: native}
    - name: performance
      type: performance
      window: {maxRows: 1000000}
      detector: {name: ks, backend: native}
"""
_STAGE: Final = """
CREATE TEMP TABLE scored (place int PRIMARY KEY, text text, negative real, positive real, embedding bytea)
"""
# Every row is a copy of a real one, picked by a hash, so that a run can be repeated.
_FILL: Final = """
INSERT INTO prediction_logs (prediction_id, predicted_at, deployment_id, model_name, model_version, source,
    predicted_sentiment, input_text, confidence_score, probabilities, embedding, latency_ms)
SELECT gen_random_uuid(), now() - interval '1 hour' + number * interval '1 ms', %(deployment)s,
    'sentiment', '1', 'predict', CASE WHEN positive > negative THEN 'POSITIVE' ELSE 'NEGATIVE' END, text,
    greatest(positive, negative), ARRAY[negative, positive], embedding, 5
FROM generate_series(1, %(rows)s) AS number
JOIN scored ON place = %(first)s + mod(abs(hashint8(number::bigint))::bigint, %(count)s)
"""


def run(samples: Mapping[Corpus, Sample], *, quick: bool, seed: int) -> tuple[Table, list[dict[str, object]]]:
    """Fill a fresh PostgreSQL, then run the job on it."""
    from modelmonitor.local.postgres import EmbeddedPostgres

    rows = (1000, 15_000) if quick else (REFERENCE_ROWS, WINDOW_ROWS)
    with (
        tempfile.TemporaryDirectory(prefix="million-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres", durable=False) as postgres,
    ):
        migrate(postgres.url())
        now = datetime.now(UTC)
        _fill(postgres.url(), samples[MOVIE], rows=rows, seed=seed)
        record = _measured(postgres.url(), folder=Path(folder), now=now)
    record["rows"] = rows
    return _table(record, rows=rows), [record]


def _fill(url: str, movie: Sample, *, rows: tuple[int, int], seed: int) -> None:
    """The reference from one half of the reviews, the log from the other."""
    order = np.random.default_rng(seed).permutation(len(movie))
    half = len(order) // 2
    connection = connect(url, application_name="bench-drift")
    with connection, connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.copy_expert("COPY scored FROM STDIN", _copied(movie.take(order)))
        cursor.execute("ANALYZE scored")
        cursor.execute(_FILL, {"deployment": "sentiment", "rows": rows[1], "first": half, "count": half})
    repeated = np.random.default_rng(seed).choice(order[:half], size=rows[0], replace=True)
    save_reference(connection, _reference(movie.take(repeated)))
    _analyze(connection)
    connection.close()


def _reference(sample: Sample) -> Reference:
    moment = datetime.now(UTC) - timedelta(days=2)
    named = replace(sample, prediction_ids=("",) * len(sample))
    return Reference("reviews", NEXT_VERSION, "sentiment", "1", moment, "movie reviews", named)


def _analyze(connection: Connection) -> None:
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE prediction_logs")


def _copied(movie: Sample) -> io.StringIO:
    embeddings = np.asarray(movie.embeddings, dtype="<f2")
    lines = (
        "\t".join(
            (
                str(place),
                (text or "").replace("\\", "\\\\").replace("\t", " ").replace("\n", " ").replace("\r", " "),
                str(probabilities[0]),
                str(probabilities[1]),
                "\\\\x" + embedding.tobytes().hex(),
            )
        )
        for place, (text, probabilities, embedding) in enumerate(
            zip(movie.texts, movie.probabilities, embeddings, strict=True)
        )
    )
    return io.StringIO("\n".join(lines) + "\n")


def _measured(url: str, *, folder: Path, now: datetime) -> dict[str, Any]:
    monitor = folder / "monitor.yaml"
    monitor.write_text(_MONITOR, "utf-8")
    settings = {
        "MM_JOB_MONITOR": str(monitor),
        "MM_JOB_DATABASE_URL": url,
        "MM_JOB_REPORT_DIR": str(folder),
        "MM_JOB_NOW": now.isoformat(),
        "MM_JOB_SEED": "0",
    }
    started = time.perf_counter()
    with (folder / "job.log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "modelmonitor.job"], env={**os.environ, **settings}, stdout=log, stderr=log
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        log.seek(0)
        if os.waitstatus_to_exitcode(status):
            msg = f"the job failed: {log.read()[-1500:]}"
            raise RuntimeError(msg)
    return {
        "seconds": seconds,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": used.ru_maxrss / 1024,
        "findings": _findings(url, now=now),
    }


def _findings(url: str, *, now: datetime) -> list[dict[str, Any]]:
    connection = connect(url, application_name="bench-drift")
    rows = list_results(connection, deployment_id="sentiment", since=now - timedelta(days=1), limit=10)
    connection.close()
    return [
        {
            "detector": row.detector,
            "n_reference": row.n_reference,
            "n_window": row.n_window,
            "p_value": row.p_value,
            "effect": row.effect_size,
        }
        for row in rows
    ]


def _table(record: Mapping[str, Any], *, rows: tuple[int, int]) -> Table:
    lines = [
        (f"rows used by {finding['detector']}", f"{finding['n_window']:,} / {finding['n_reference']:,}", "")
        for finding in record["findings"]
    ]
    lines += [
        ("**seconds on the clock**", f"**{record['seconds']:.1f}**", f"{LIMIT_SECONDS}"),
        ("seconds of processor time of the job", f"{record['cpu_seconds']:.1f}", ""),
        ("**peak memory of the job, MiB**", f"**{record['peak_mib']:,.0f}**", f"{LIMIT_MIB:,}"),
    ]
    note = (
        f"`python -m modelmonitor.job` with the three default checks and `maxRows: 1000000` on {rows[1]:,} "
        f"logged predictions against {rows[0]:,} of the reference, copies of movie reviews' real texts, "
        "scores and embeddings (384 x float16) out of two disjoint halves; imports, estimate, words, "
        "examples and report included. Tests that say fewer rows draw them at random."
    )
    return Table(("", "measured", "limit"), lines, "A million rows out of PostgreSQL", note)
