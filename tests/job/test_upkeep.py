"""The upkeep of the prediction log on a real PostgreSQL."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import psycopg2
import pytest

from modelmonitor.api.load import load_monitor
from modelmonitor.job.upkeep import Done, keep_up
from modelmonitor.sample import Sample
from modelmonitor.store.connection import connect
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, prediction_tuple
from modelmonitor.store.partitions import ensure_partitions
from modelmonitor.store.prediction_table import PredictionTable
from modelmonitor.store.references import NEXT_VERSION, Reference, list_references, save_reference

NOW = datetime.now(UTC).replace(hour=3, minute=30, second=0, microsecond=0) - timedelta(days=1)
MONITOR = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {{name: {name}, namespace: ml}}
spec: {{target: {{service: {name}}}, reference: {{dataset: reviews}}, retention: {keep}}}
"""


def monitor(name: str, keep: str):
    return load_monitor(MONITOR.format(name=name, keep=keep), source="test")


@pytest.fixture
def conn(database_url):
    with closing(connect(database_url, application_name="tests")) as connection:
        yield connection


@pytest.fixture
def logged(conn, database_url, make_prediction):
    """Predictions of two models, one a day for 40 days."""
    days = range(1, 41)
    for day in days:
        ensure_partitions(conn, now=NOW - timedelta(days=day), ahead_days=0)
    rows = [
        make_prediction(deployment_id=name, predicted_at=NOW - timedelta(days=day))
        for day in days
        for name in ("short", "long")
    ]
    table = PredictionTable(
        database_url, connect_timeout_s=5, partitions_ahead_days=0, on_statement=lambda *_: None
    )
    assert table.store(PREDICTION_COLUMNS, [prediction_tuple(row) for row in rows]) == len(rows)
    table.close()


def rolling(conn, *, age: int, model_version: str = "3") -> None:
    sample = Sample(
        classes=("NEGATIVE", "POSITIVE"),
        prediction_ids=("",),
        texts=("a text",),
        probabilities=np.array([[0.2, 0.8]], dtype=np.float32),
        embeddings=None,
        predicted_at=np.array(["2026-11-01"], dtype="datetime64[us]"),
        labels=np.array([1]),
    )
    head = Reference(
        name="ml/short:rolling",
        version=NEXT_VERSION,
        model_name="short",
        model_version=model_version,
        created_at=NOW - timedelta(days=age),
        origin="the log",
        sample=sample,
        source={"kind": "rolling"},
    )
    save_reference(conn, head)


def test_old_rolling_references_go_and_the_newest_of_each_model_version_stays(conn):
    for age in (40, 30, 3):
        rolling(conn, age=age)
    rolling(conn, age=39, model_version="2")
    with conn, conn.cursor() as cursor:
        cursor.execute('UPDATE drift_references SET source = \'{"kind": "window"}\' WHERE version = 1')
    keep_up(conn, monitor("short", "10d"), deployment_id="short", now=NOW)
    assert sorted(each.version for each in list_references(conn)) == [1, 3, 4]


def counts(conn) -> dict[str, int]:
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT deployment_id, count(*)::int FROM prediction_logs GROUP BY 1")
        return dict(cursor.fetchall())


def summed_up(conn) -> int:
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT sum(predictions)::int FROM prediction_rollups")
        return cursor.fetchone()[0]


def test_each_model_is_kept_as_long_as_its_monitor_says(conn, logged) -> None:
    keep_up(conn, monitor("long", "30d"), deployment_id="long", now=NOW)
    done = keep_up(conn, monitor("short", "7d"), deployment_id="short", now=NOW)

    # Days are whole: the day that holds the border is kept.
    assert counts(conn) == {"long": 30, "short": 7}
    assert done == Done(shared=True, rolled_up=done.rolled_up, dropped=(), deleted=23)
    assert summed_up(conn) == 80, "what was deleted stays in the hourly sums"


def test_partitions_go_with_the_longest_retention(conn, logged) -> None:
    keep_up(conn, monitor("short", "60d"), deployment_id="short", now=NOW)
    first = keep_up(conn, monitor("long", "30d"), deployment_id="long", now=NOW)
    assert first.dropped == ()

    # The other monitor says nothing any more for a month.
    with conn, conn.cursor() as cursor:
        cursor.execute(
            "UPDATE retention_policies SET updated_at = %s WHERE monitor = 'ml/short'", (NOW - timedelta(31),)
        )
    second = keep_up(conn, monitor("long", "30d"), deployment_id="long", now=NOW)

    assert len(second.dropped) == 10
    assert counts(conn) == {"long": 30, "short": 30}


def test_a_second_upkeep_at_the_same_time_leaves_the_shared_part_to_the_first(
    conn, logged, database_url
) -> None:
    from modelmonitor.job.upkeep import _LOCK_KEY

    with closing(connect(database_url, application_name="first")) as first, first.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", (_LOCK_KEY,))

        done = keep_up(conn, monitor("long", "30d"), deployment_id="long", now=NOW)

    assert (done.shared, done.dropped) == (False, ())


def test_a_second_upkeep_finds_nothing_to_do(conn, logged) -> None:
    for _ in range(2):
        done = keep_up(conn, monitor("long", "30d"), deployment_id="long", now=NOW)

    assert (done.dropped, done.deleted, counts(conn)) == ((), 0, {"long": 30, "short": 30})


def test_nobody_can_delete_what_is_within_its_retention(conn, logged) -> None:
    keep_up(conn, monitor("short", "20d"), deployment_id="short", now=NOW)

    wanted = ((NOW - timedelta(days=5)).date(), NOW + timedelta(days=999))
    refused = pytest.raises(psycopg2.errors.InvalidParameterValue, match="within their retention")
    with refused, conn, conn.cursor() as cursor:
        cursor.execute("SELECT modelmonitor_expire_day('short', %s, %s)", wanted)


def run(database_url: str, file: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "MM_JOB_DATABASE_URL": database_url,
        "MM_JOB_MONITOR": str(file),
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "modelmonitor.job.upkeep"]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_the_command_tells_what_it_did(database_url, tmp_path) -> None:
    file = tmp_path / "monitor.yaml"
    file.write_text(MONITOR.format(name="sentiment", keep="30d"))

    done = run(database_url, file)

    assert (done.returncode, json.loads(done.stdout)) == (
        0,
        {"shared": True, "rolledUp": 0, "dropped": [], "deleted": 0},
    )


def test_bad_input_and_a_database_that_is_away_have_codes_of_their_own(database_url, tmp_path) -> None:
    file = tmp_path / "monitor.yaml"
    missing = run(database_url, file)
    file.write_text(MONITOR.format(name="sentiment", keep="30d"))
    away = run("postgresql://nobody:secret@127.0.0.1:1/none", file)

    assert (missing.returncode, away.returncode) == (2, 3)
    assert "cannot be read" in missing.stderr
    assert "secret" not in away.stderr
    assert "Traceback" not in missing.stderr + away.stderr
