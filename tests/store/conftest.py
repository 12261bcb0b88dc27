"""A connection to this test's own database, and a way to put rows into its log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from modelmonitor.store.connection import connect
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, prediction_tuple
from modelmonitor.store.prediction_table import PredictionTable
from modelmonitor.store.records import Prediction


@pytest.fixture
def conn(database_url: str) -> Iterator[Any]:
    with closing(connect(database_url, application_name="tests")) as connection:
        yield connection


@pytest.fixture
def store_rows(database_url: str) -> Callable[..., None]:
    def store(*predictions: Prediction) -> None:
        table = PredictionTable(
            database_url,
            connect_timeout_s=5,
            partitions_ahead_days=0,
            on_statement=lambda _operation, _table: None,
        )
        assert table.store(PREDICTION_COLUMNS, [prediction_tuple(row) for row in predictions]) == len(
            predictions
        )
        table.close()

    return store
