"""A real PostgreSQL for the tests that want one: a server for the session, a fresh database for each test."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from psycopg2 import sql

from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.connection import connect
from modelmonitor.store.records import Prediction, new_prediction_id
from modelmonitor.store.schema import migrate

_TEMPLATE = "migrated"


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A running server, not durable, with a migrated template database."""
    directory = Path(tempfile.mkdtemp(prefix="modelmonitor-postgres-"))
    try:
        with EmbeddedPostgres(directory, durable=False) as server:
            migrate(server.create_database(_TEMPLATE))
            yield server
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def database_url(postgres: EmbeddedPostgres) -> Iterator[str]:
    """URL of an empty database of this test alone, with the current schema."""
    name = f"test_{uuid.uuid4().hex}"
    _execute(
        postgres,
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(_TEMPLATE)),
    )
    yield postgres.url(name)
    _execute(postgres, sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _execute(postgres: EmbeddedPostgres, statement: sql.Composed) -> None:
    with closing(connect(postgres.url(), application_name="tests")) as conn:
        conn.autocommit = True
        with conn.cursor() as cursor:
            cursor.execute(statement)


@pytest.fixture
def make_prediction() -> Callable[..., Prediction]:
    """A factory of predictions; every call gives a new id, everything else is fixed unless changed."""

    def make(**changes: object) -> Prediction:
        plain = Prediction(
            prediction_id=new_prediction_id(),
            predicted_at=datetime(2026, 3, 4, 12, 30, tzinfo=UTC),
            deployment_id="sentiment",
            model_name="sentiment",
            model_version="3",
            input_text="A fine film.",
            predicted_sentiment="POSITIVE",
            confidence_score=0.75,
            probabilities=(0.25, 0.75),
            embedding=bytes.fromhex("003c0040"),
            latency_ms=4.5,
            source="predict",
            segment={},
        )
        return replace(plain, **changes)  # type: ignore[arg-type]

    return make
