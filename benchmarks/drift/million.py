"""A million logged rows against 25,000 of the reference, out of PostgreSQL: seconds and memory."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmarks.drift.features import MOVIE
from benchmarks.report import Table
from modelmonitor.demo.data import Corpus
from modelmonitor.sample import Sample
from modelmonitor.store.connection import connect
from modelmonitor.store.schema import migrate

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

REFERENCE_ROWS: Final = 25_000
WINDOW_ROWS: Final = 1_000_000
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
    """Fill a fresh PostgreSQL, then run the checks in a process of their own."""
    from modelmonitor.local.postgres import EmbeddedPostgres

    rows = (2500, 50_000) if quick else (REFERENCE_ROWS, WINDOW_ROWS)
    with (
        tempfile.TemporaryDirectory(prefix="million-") as folder,
        EmbeddedPostgres(Path(folder) / "postgres", durable=False) as postgres,
    ):
        migrate(postgres.url())
        _fill(postgres.url(), samples[MOVIE], rows=rows, seed=seed)
        record = _measured(postgres.url())
    record["rows"] = rows
    return _table(record, rows=rows), [record]


def _fill(url: str, movie: Sample, *, rows: tuple[int, int], seed: int) -> None:
    order = np.random.default_rng(seed).permutation(len(movie))
    half = len(order) // 2
    connection = connect(url, application_name="bench-drift")
    with connection, connection.cursor() as cursor:
        cursor.execute(_STAGE)
        cursor.copy_expert("COPY scored FROM STDIN", _copied(movie.take(order)))
        cursor.execute("ANALYZE scored")
        for deployment, count, first in (("reference", rows[0], 0), ("window", rows[1], half)):
            cursor.execute(_FILL, {"deployment": deployment, "rows": count, "first": first, "count": half})
    _analyze(connection)
    connection.close()


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


def _measured(url: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.drift.million_run", "reference", "window"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DATABASE_URL": url},
    )
    if done.returncode:
        msg = f"the checks failed: {done.stderr[-1500:]}"
        raise RuntimeError(msg)
    record: dict[str, object] = json.loads(done.stdout)
    return record


def _table(record: Mapping[str, object], *, rows: tuple[int, int]) -> Table:
    steps = record["steps"]
    assert isinstance(steps, dict)  # noqa: S101 - as million_run writes it
    lines = [(step, f"{seconds:.1f}") for step, seconds in steps.items()]
    note = (
        f"{rows[1]:,} rows against {rows[0]:,}, copies of movie reviews' real scores and embeddings (384 x "
        f"float16) in two disjoint halves. Every row counts in mmd-fourier, chi-square and ks; words are "
        f"compared on a uniform 10,000 texts of each side. The process used "
        f"{float(str(record['cpu_seconds'])):.0f} s of processor time, imports included, and at its peak "
        f"{float(str(record['peak_mib'])):,.0f} MiB; limits: 60 s on the clock, 1.5 GB."
    )
    lines.append(("**all default checks**", f"**{float(str(record['seconds'])):.1f}**"))
    return Table(("step", "seconds"), lines, "A million rows out of PostgreSQL", note)
