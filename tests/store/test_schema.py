"""Migrations: once each, whatever starts at the same time, and never backwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from uuid import uuid4

import pytest

from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.errors import (
    DatabaseRefused,
    DatabaseUnreachable,
    MigrationChanged,
    UpgradeModelMonitor,
)
from modelmonitor.store.schema import migrate, shipped_migrations

ALL = tuple(migration.name for migration in shipped_migrations())
MIGRATE = """
import os
from modelmonitor.store.schema import migrate
print(len(migrate(os.environ["DATABASE_URL"])))
"""


@pytest.fixture
def empty_url(postgres: EmbeddedPostgres) -> str:
    return postgres.create_database(f"empty_{uuid4().hex}")


def execute(database_url: str, statement: str) -> list[tuple[object, ...]]:
    with closing(connect(database_url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def as_user(database_url: str, name: str) -> str:
    return re.sub("//.*@", f"//{name}:{name}@", database_url)


def test_migrations_are_numbered_without_gaps() -> None:
    assert [migration.number for migration in shipped_migrations()] == list(range(1, len(ALL) + 1))


def test_an_empty_database_gets_every_migration_and_the_second_time_none(empty_url: str) -> None:
    assert migrate(empty_url) == ALL
    assert migrate(empty_url) == ()


def test_eight_processes_that_start_together_apply_each_migration_once(empty_url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": empty_url}
    processes = [
        subprocess.Popen([sys.executable, "-c", MIGRATE], env=environment, stdout=subprocess.PIPE)
        for _ in range(8)
    ]
    applied = sorted(int(process.communicate(timeout=60)[0]) for process in processes)
    assert applied == [0] * 7 + [len(ALL)]
    assert execute(empty_url, "SELECT name FROM modelmonitor_migrations ORDER BY number") == [
        (name,) for name in ALL
    ]


def test_a_database_newer_than_the_code_is_refused(database_url: str) -> None:
    execute(
        database_url, "INSERT INTO modelmonitor_migrations (number, name, sha256) VALUES (9999, 'later', 'x')"
    )
    with pytest.raises(
        UpgradeModelMonitor, match=r"has schema 9999, this ModelMonitor knows \d+: upgrade ModelMonitor"
    ):
        migrate(database_url)


def test_a_migration_that_was_changed_after_it_was_applied_is_refused(database_url: str) -> None:
    execute(database_url, "UPDATE modelmonitor_migrations SET sha256 = 'other' WHERE number = 2")
    with pytest.raises(
        MigrationChanged, match=r"0002_feedback was applied .* put the change into a new migration"
    ):
        migrate(database_url)


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    execute(empty_url, "CREATE TABLE feedback (mine integer)")
    with pytest.raises(DatabaseRefused, match=r'cannot be migrated .*relation "feedback" already exists'):
        migrate(empty_url)
    assert execute(empty_url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'") == [
        ("feedback",)
    ]


def test_a_user_without_rights_is_told_so(postgres: EmbeddedPostgres, empty_url: str) -> None:
    execute(postgres.url(), "DROP ROLE IF EXISTS weak; CREATE ROLE weak LOGIN PASSWORD 'weak'")
    weak_url = as_user(empty_url, "weak")
    with pytest.raises(DatabaseRefused, match=r"permission denied .* grant what is missing"):
        migrate(weak_url)


def test_an_owner_who_may_not_create_roles_can_migrate(postgres: EmbeddedPostgres) -> None:
    execute(postgres.url(), "DROP ROLE IF EXISTS plain; CREATE ROLE plain LOGIN PASSWORD 'plain'")
    name = f"plain_{uuid4().hex}"
    url = postgres.create_database(name)
    execute(url, f"ALTER DATABASE {name} OWNER TO plain")
    assert migrate(as_user(url, "plain")) == ALL


def test_the_writer_role_can_write_and_make_partitions_but_not_drop_them(database_url: str) -> None:
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SET ROLE modelmonitor_writer")
        cursor.execute("SELECT count(*) FROM modelmonitor_ensure_partitions(now(), 1)")
        assert cursor.fetchone() == (2,)
        with pytest.raises(Exception, match="permission denied for function modelmonitor_drop_expired"):
            cursor.execute("SELECT modelmonitor_drop_expired(now(), 90)")


def test_an_unreachable_server_and_a_wrong_password_are_one_clear_sentence(
    postgres: EmbeddedPostgres,
) -> None:
    url = postgres.url()
    password = (postgres.data_dir / "password").read_text()
    with pytest.raises(
        DatabaseUnreachable,
        match=r"^Cannot connect to PostgreSQL at postgres@127.0.0.1:1/postgres: Connection refused; check",
    ) as down:
        migrate(url.replace(str(postgres.port), "1"))
    with pytest.raises(
        DatabaseUnreachable, match='password authentication failed for user "postgres"'
    ) as wrong:
        migrate(url.replace(password, "wrong-password"))
    assert password not in str(down.value)
    assert "wrong-password" not in str(wrong.value)


def test_rows_of_before_get_the_namespace_of_the_only_monitor_that_can_be_meant(empty_url: str) -> None:
    number = next(each.number for each in shipped_migrations() if "namespaces" in each.name)
    migrate(empty_url)
    tables = ("drift_results", "drift_episodes", "retrain_triggers", "quality_by_window", "new_patterns")
    for table in tables:
        execute(empty_url, f"ALTER TABLE {table} DROP COLUMN namespace CASCADE")
    execute(empty_url, "DROP TABLE drift_runs; DROP FUNCTION modelmonitor_forget_references(timestamptz)")
    execute(
        empty_url,
        "ALTER TABLE drift_episodes ADD UNIQUE (monitor, deployment_id, check_name, started_at);"
        "CREATE UNIQUE INDEX drift_episodes_open_idx ON drift_episodes (monitor, deployment_id, check_name);"
        "ALTER TABLE quality_by_window ADD PRIMARY KEY "
        "(monitor, deployment_id, window_start, window_end, model_version);"
        "CREATE INDEX retrain_triggers_monitor_idx ON retrain_triggers (monitor);"
        "CREATE INDEX new_patterns_monitor_idx ON new_patterns (monitor)",
    )
    execute(empty_url, f"DELETE FROM modelmonitor_migrations WHERE number = {number}")
    execute(
        empty_url,
        "INSERT INTO retention_policies VALUES ('ml/alone', 'alone', 9, now()), "
        "('ml/both', 'both', 9, now()), ('web/both', 'both', 9, now());"
        "INSERT INTO drift_episodes (monitor, deployment_id, check_name, severity, started_at, last_run_id, "
        "peak_effect_size) VALUES ('alone', 'alone', 'data', 'warning', now(), 'r', 1), "
        "('both', 'both', 'data', 'warning', now(), 'r', 1)",
    )

    assert len(migrate(empty_url)) == 1

    found = execute(empty_url, "SELECT monitor, namespace FROM drift_episodes ORDER BY monitor")
    assert found == [("alone", "ml"), ("both", "")]
