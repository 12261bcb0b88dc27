"""Encoded rows into `prediction_logs`, each exactly once, over a connection renewed when it breaks."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

import psycopg2
from psycopg2 import errorcodes, errors

from modelmonitor.store.connection import connect, describe
from modelmonitor.store.copyformat import copy_stream
from modelmonitor.store.errors import DatabaseRefused, DatabaseUnreachable, RowsRefused, StoreError
from modelmonitor.store.partitions import ensure_partitions

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

_COPY_CHUNK = 1 << 20
# Data exception, integrity constraint violation, program limit exceeded: the same rows would fail for ever.
_FAULT_OF_THE_ROWS: Final = ("22", "23", "54")
# Connection exception, operator intervention (shutdown, crash recovery).
_CONNECTION_LOST: Final = ("08", "57")
_TABLE: Final = "prediction_logs"
_STAGE: Final = "prediction_logs_stage"
_KEY: Final = ("predicted_at", "prediction_id")
# Repeats are left out; but what a predictor logs of itself replaces what KServe's logger saw of it.
_MERGE: Final = """
INSERT INTO {table} AS known ({columns}) SELECT DISTINCT ON ({key}) {columns} FROM {stage}
ON CONFLICT ({key}) DO UPDATE SET {changed}
WHERE known.source = 'cloudevent' AND EXCLUDED.source <> 'cloudevent'
"""


class PredictionTable:
    """Writes batches in one transaction each; belongs to one thread."""

    def __init__(
        self,
        database_url: str,
        *,
        connect_timeout_s: int,
        partitions_ahead_days: int,
        on_statement: Callable[[str, str], None],
    ) -> None:
        self._database_url = database_url
        self._connect_timeout_s = connect_timeout_s
        self._partitions_ahead_days = partitions_ahead_days
        self._on_statement = on_statement
        self._connection: Connection | None = None

    def store(self, columns: tuple[str, ...], rows: Sequence[bytes]) -> int:
        """Commit rows, skipping those that are there already; the number that was new.

        Raises:
            RowsRefused: some row is at fault; none was stored.
            DatabaseUnreachable: no connection, or it broke; whether the rows were stored is not known.
            DatabaseRefused: PostgreSQL will not do it now, whatever the rows; none was stored.
        """
        names, stream = ", ".join(columns), copy_stream(rows)
        with self._session() as connection:
            try:
                with connection, connection.cursor() as cursor:
                    return self._copy_all(cursor, names, stream)
            except errors.UniqueViolation:
                with connection, connection.cursor() as cursor:
                    return self._copy_new(cursor, names, stream)

    def reach(self) -> None:
        """Ask whether the table is there.

        Raises:
            DatabaseUnreachable: no connection.
            DatabaseRefused: there is no table.
        """
        with self._session() as connection, connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT '{_TABLE}'::regclass")

    def ensure_partitions(self, now: datetime) -> tuple[str, ...]:
        """Make the day partitions that are missing; the names of the new ones.

        Raises:
            DatabaseUnreachable: no connection.
            DatabaseRefused: no permission, or a lock that is not given in time.
        """
        with self._session() as connection:
            self._on_statement("create", _TABLE)
            return ensure_partitions(connection, now=now, ahead_days=self._partitions_ahead_days)

    def close(self) -> None:
        """Drop the connection; the next statement opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg2.Error):
                connection.close()

    @contextlib.contextmanager
    def _session(self) -> Iterator[Connection]:
        if self._connection is None:
            self._connection = connect(
                self._database_url,
                application_name="modelmonitor-log",
                connect_timeout_s=self._connect_timeout_s,
            )
        try:
            yield self._connection
        except psycopg2.Error as error:
            failure = self._failure(error)
            if not isinstance(failure, RowsRefused):
                self.close()
            raise failure from None

    def _failure(self, error: psycopg2.Error) -> StoreError:
        # The server's own message may quote the row, so only the name of its code is passed on.
        code = error.pgcode or ""
        name = (
            f"{errorcodes.lookup(code)} ({code})"
            if code in vars(errorcodes).values()
            else code or "connection lost"
        )
        place = describe(self._database_url)
        if code[:2] in _FAULT_OF_THE_ROWS:
            return RowsRefused(f"PostgreSQL at {place} refuses a row for its content: {name}.")
        if not code or code[:2] in _CONNECTION_LOST:
            return DatabaseUnreachable(f"PostgreSQL at {place} went away ({name}): check that it runs.")
        if code == errorcodes.UNDEFINED_TABLE:
            return DatabaseRefused(
                f"PostgreSQL at {place} has no table {_TABLE}: apply the migrations first."
            )
        return DatabaseRefused(f"PostgreSQL at {place} refuses to write {_TABLE}: {name}; see its own log.")

    def _copy_all(self, cursor: Cursor, columns: str, stream: bytes) -> int:
        # Up to twice as fast as by way of another table, and rows repeat only after a crash.
        self._on_statement("copy", _TABLE)
        cursor.copy_expert(
            f"COPY {_TABLE} ({columns}) FROM STDIN (FORMAT binary)", io.BytesIO(stream), _COPY_CHUNK
        )
        return cursor.rowcount

    def _copy_new(self, cursor: Cursor, columns: str, stream: bytes) -> int:
        # Made in each transaction, because a transaction pooler may have given us another session.
        cursor.execute(f"CREATE TEMP TABLE IF NOT EXISTS {_STAGE} (LIKE {_TABLE}) ON COMMIT DELETE ROWS")
        self._on_statement("copy", _STAGE)
        cursor.copy_expert(
            f"COPY {_STAGE} ({columns}) FROM STDIN (FORMAT binary)", io.BytesIO(stream), _COPY_CHUNK
        )
        self._on_statement("insert", _TABLE)
        changed = ", ".join(f"{name} = EXCLUDED.{name}" for name in columns.split(", ") if name not in _KEY)
        cursor.execute(
            _MERGE.format(table=_TABLE, stage=_STAGE, columns=columns, key=", ".join(_KEY), changed=changed)
        )
        return cursor.rowcount
