"""A PostgreSQL on this machine for the benchmarks that log, durable as in production."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from modelmonitor.local.ports import free_port
from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.schema import migrate


@contextmanager
def database() -> Iterator[str]:
    """The address of an empty, migrated database."""
    with (
        tempfile.TemporaryDirectory(prefix="bench-postgres-") as name,
        EmbeddedPostgres(Path(name)) as server,
    ):
        url = server.create_database("bench")
        migrate(url)
        yield url


def nowhere() -> str:
    """The address of a database that is down: nothing listens on the port."""
    return f"postgresql://postgres:none@127.0.0.1:{free_port(0).number}/bench"
