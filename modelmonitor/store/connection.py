"""Connections to PostgreSQL, with errors that name the server and never the password."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg2
from psycopg2.extensions import parse_dsn

from modelmonitor.store.errors import DatabaseUnreachable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2's class has a lower-case name


def connect(database_url: str, *, application_name: str, connect_timeout_s: int = 5) -> Connection:
    """A new connection; transactions begin by themselves and end with `commit` or `rollback`.

    Args:
        database_url: `postgresql://user:password@host:port/database` or a libpq connection string.
        application_name: shown in `pg_stat_activity`.
        connect_timeout_s: for each address of the host, in seconds.

    Raises:
        DatabaseUnreachable: the URL is malformed, or the server is down or refuses the user.
    """
    place = describe(database_url)
    try:
        # Keepalives and the user time-out turn a vanished server into an error within half a minute.
        return psycopg2.connect(
            database_url,
            application_name=application_name,
            connect_timeout=connect_timeout_s,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=30_000,
        )
    except psycopg2.OperationalError as error:
        raise DatabaseUnreachable(
            f"Cannot connect to PostgreSQL at {place}: {_cause(error, database_url)}; "
            "check that it runs and that host, port, user and password are right."
        ) from None


def describe(database_url: str) -> str:
    """`user@host:port/database` of a URL, without its password.

    Raises:
        DatabaseUnreachable: not a PostgreSQL URL.
    """
    try:
        parts = parse_dsn(database_url)
    except psycopg2.ProgrammingError:
        raise DatabaseUnreachable(
            "The database URL is not one of PostgreSQL: write postgresql://user:password@host:port/database."
        ) from None
    where = f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}/{parts.get('dbname', '')}"
    return f"{parts['user']}@{where}" if "user" in parts else where


def _cause(error: psycopg2.Error, database_url: str) -> str:
    first_line = str(error).strip().partition("\n")[0] or type(error).__name__
    text = first_line.rpartition("failed: ")[2]
    password = parse_dsn(database_url).get("password")
    return text.replace(password, "***") if password else text
