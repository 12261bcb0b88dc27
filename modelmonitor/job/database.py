"""The database for the length of a run, with its failures as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psycopg2

from modelmonitor.store.connection import connect, describe
from modelmonitor.store.errors import DatabaseRefused, DatabaseUnreachable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name


@contextmanager
def database(database_url: str) -> Iterator[Connection]:
    """A connection that is closed at the end.

    Raises:
        DatabaseUnreachable: no connection to PostgreSQL, or it broke.
        DatabaseRefused: the schema is missing, or this user lacks rights.
    """
    with closing(connect(database_url, application_name="modelmonitor-job")) as conn:
        try:
            yield conn
        except psycopg2.errors.UndefinedTable:
            raise DatabaseRefused(
                f"The database {describe(database_url)} has no tables of ModelMonitor: "
                "start the predictor or modelmonitor up once, which make them, or correct the URL."
            ) from None
        except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
            raise DatabaseUnreachable(
                f"The connection to PostgreSQL at {describe(database_url)} broke ({_line(error)}): "
                "run it again."
            ) from None
        except psycopg2.Error as error:
            raise DatabaseRefused(f"PostgreSQL refused a statement of the run: {_line(error)}.") from None


def _line(error: psycopg2.Error) -> str:
    return " ".join(str(error).split()) or type(error).__name__
