"""Forward-only migrations: numbered SQL files, applied once each, in order, under a lock."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Final

import psycopg2

from modelmonitor.store.connection import connect, describe
from modelmonitor.store.errors import DatabaseRefused, MigrationChanged, UpgradeModelMonitor

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

_LOCK_KEY: Final = 0x6D6D5F736368656D
_CREATE_LEDGER: Final = """
CREATE TABLE IF NOT EXISTS modelmonitor_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Digest by which a changed file is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def shipped_migrations() -> tuple[Migration, ...]:
    """The migrations of this version, in order."""
    files = resources.files("modelmonitor.store") / "migrations"
    named = sorted(
        (file.name, file.read_text("utf-8")) for file in files.iterdir() if file.name.endswith(".sql")
    )
    return tuple(Migration(int(name[:4]), name.removesuffix(".sql"), sql) for name, sql in named)


def migrate(database_url: str) -> tuple[str, ...]:
    """Bring the database to the schema of this version; the names of the migrations applied now.

    All of them are one transaction, so a failure leaves the database as it was, and processes that start
    together wait for the first.

    Raises:
        DatabaseUnreachable: no connection.
        DatabaseRefused: PostgreSQL would not apply a migration, mostly for a missing permission.
        UpgradeModelMonitor: the database is of a newer version.
        MigrationChanged: an applied migration is not the one shipped.
    """
    conn = connect(database_url, application_name="modelmonitor-migrate")
    try:
        with conn, conn.cursor() as cursor:
            return _apply_missing(cursor, shipped_migrations(), place=describe(database_url))
    except psycopg2.Error as error:
        cause = (error.diag.message_primary or type(error).__name__).strip()
        raise DatabaseRefused(
            f"The schema of {describe(database_url)} cannot be migrated ({cause}): "
            "let the owner of the schema run it, or grant what is missing."
        ) from error
    finally:
        conn.close()


def _apply_missing(cursor: Cursor, migrations: tuple[Migration, ...], *, place: str) -> tuple[str, ...]:
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK_KEY,))
    cursor.execute(_CREATE_LEDGER)
    cursor.execute("SELECT number, sha256 FROM modelmonitor_migrations")
    applied = dict(cursor.fetchall())
    _refuse_strangers(applied, migrations, place=place)
    missing = [migration for migration in migrations if migration.number not in applied]
    for migration in missing:
        cursor.execute(migration.sql)
        cursor.execute(
            "INSERT INTO modelmonitor_migrations (number, name, sha256) VALUES (%s, %s, %s)",
            (migration.number, migration.name, migration.sha256),
        )
    return tuple(migration.name for migration in missing)


def _refuse_strangers(applied: Mapping[int, str], migrations: tuple[Migration, ...], *, place: str) -> None:
    newest, known = max(applied, default=0), max(migration.number for migration in migrations)
    if newest > known:
        raise UpgradeModelMonitor(
            f"The database {place} has schema {newest}, this ModelMonitor knows {known}: "
            "upgrade ModelMonitor."
        )
    for migration in migrations:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise MigrationChanged(
                f"Migration {migration.name} was applied to {place} with other content: "
                "restore the file and put the change into a new migration."
            )
