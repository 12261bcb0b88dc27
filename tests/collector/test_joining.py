"""Any order, repetition and division of a set of halves gives the same rows."""

from __future__ import annotations

import random
import uuid
from contextlib import closing
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_server.collector.event_ids import event_key, prediction_id
from model_server.collector.inbox_table import InboxTable
from model_server.collector.metrics import CollectorMetrics
from model_server.collector.records import COLUMNS, encode
from modelmonitor.store.connection import connect
from modelmonitor.store.events import EventHalf

AT = datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
EVENTS = 6
TABLES = 3


def half(number, kind):
    texts = [f"text {number}.{index}" for index in range(number % 3 + 1)]
    contents = {
        "request": {"texts": texts, "segment": {}},
        "response": {"answers": [["GOOD", 0.5, [0.5, 0.5], None] for _ in texts], "version": ""},
    }
    moved = timedelta(milliseconds=number + (50 if kind == "response" else 0))
    key = event_key("ml", "s", component="predictor", event_id=str(number))
    return EventHalf(key, kind, str(number), "s", "predictor", AT + moved, contents[kind])


HALVES = [half(number, kind) for number in range(EVENTS) for kind in ("request", "response")]
# The response of the last event never comes.
GIVEN = HALVES[:-1]
ROWS = sorted(
    (str(prediction_id("s", "predictor", event_id=str(number), index=index)), f"text {number}.{index}", 50.0)
    for number in range(EVENTS - 1)
    for index in range(number % 3 + 1)
)


@given(
    seed=st.integers(0, 2**32),
    repeats=st.lists(st.sampled_from(GIVEN), max_size=8),
    cuts=st.lists(st.integers(1, 6), min_size=1, max_size=12),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_rows_depend_on_the_set_of_halves_alone(database_url, seed, repeats, cuts):
    with closing(connect(database_url, application_name="tests")) as conn, conn, conn.cursor() as cursor:
        cursor.execute("TRUNCATE prediction_logs, event_halves, event_pairs")
    chance = random.Random(seed)
    halves = [*GIVEN, *repeats]
    chance.shuffle(halves)
    # As many collectors, each with a connection of its own, that get batches of any size.
    tables = [
        InboxTable(database_url, connect_timeout_s=5, model_version="", observer=CollectorMetrics())
        for _ in range(TABLES)
    ]

    while halves:
        size = cuts[chance.randrange(len(cuts))]
        batch, halves = halves[:size], halves[size:]
        chance.choice(tables).store(COLUMNS, [encode(each) for each in batch])

    for table in tables:
        table.close()
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT prediction_id::text, input_text, latency_ms FROM prediction_logs ORDER BY 1")
        assert cursor.fetchall() == ROWS
        # Repeats that lie beside a joined event are what the sweep removes.
        cursor.execute(
            "SELECT event_key::text, kind FROM event_halves "
            "WHERE event_key NOT IN (SELECT event_key FROM event_pairs)"
        )
        assert cursor.fetchall() == [(str(HALVES[-1].key), "request")]


def test_keys_of_different_events_differ():
    names = [
        ("ml", "s", "predictor", "1"),
        ("ml", "s", "transformer", "1"),
        ("x", "s", "predictor", "1"),
        ("ml", "t", "predictor", "1"),
    ]

    keys = {
        event_key(space, service, component=component, event_id=event)
        for space, service, component, event in names
    }

    assert len(keys) == len(names)
    assert all(isinstance(key, uuid.UUID) for key in keys)
