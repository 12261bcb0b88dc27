"""Spooled records into PostgreSQL: halves become predictions, labels and alerts are stored, each once."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from model_server.collector.join import predictions_of
from model_server.collector.records import Sorted, decode
from modelmonitor.store.alerts import put_alert
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, copy_stream, prediction_tuple
from modelmonitor.store.events import (
    EventHalf,
    EventPair,
    claim,
    keep_halves,
    keep_unreadable,
    take_pairs,
)
from modelmonitor.store.feedback import add_labels
from modelmonitor.store.prediction_table import PredictionTable

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812


class JoinObserver(Protocol):
    """Receives what became of events, from the drain's thread; must return fast and not raise."""

    def joined(self, pairs: int, *, repeated: int) -> None:
        """Pairs that were joined now, and pairs that had been joined before."""

    def statement(self, operation: str, table: str) -> None:
        """One statement was sent to PostgreSQL."""


class InboxTable(PredictionTable):
    """Writes batches of records; belongs to one thread.

    All that it remembers is in the database, so a batch that is written again after a crash changes nothing,
    and several collectors join each other's halves.
    """

    def __init__(
        self, database_url: str, *, connect_timeout_s: int, model_version: str, observer: JoinObserver
    ) -> None:
        super().__init__(
            database_url,
            connect_timeout_s=connect_timeout_s,
            partitions_ahead_days=7,
            on_statement=observer.statement,
        )
        self._model_version = model_version
        self._observer = observer
        self._note: Callable[[str, str], None] = observer.statement

    def store(self, columns: tuple[str, ...], rows: Sequence[bytes]) -> int:
        """Commit records; the number of predictions that are new.

        Raises:
            RowsRefused: some record is at fault.
            DatabaseUnreachable: no connection, or it broke.
            DatabaseRefused: PostgreSQL will not do it now, whatever the records.
        """
        with self._session() as connection:
            # Not before: while the database is down, every attempt would read thousands of records in vain.
            records = decode(rows)
            pairs, single = paired(records.halves)
            if single or records.unreadable or records.labels or records.alerts:
                with connection, connection.cursor() as cursor:
                    self._keep(cursor, records, single)
            # Only now, in a transaction of its own: see modelmonitor.store.events.
            with connection, connection.cursor() as cursor:
                pairs = (*pairs, *take_pairs(cursor, [half.key for half in single]))
                fresh = claim(cursor, [pair.request.key for pair in pairs])
                written = self._write(cursor, [pair for pair in pairs if pair.request.key in fresh])
        self._observer.joined(len(fresh), repeated=len(pairs) - len(fresh))
        return written

    def _keep(self, cursor: Cursor, records: Sorted, single: Sequence[EventHalf]) -> None:
        keep_halves(cursor, single)
        keep_unreadable(cursor, records.unreadable)
        add_labels(cursor, records.labels)
        for news in records.alerts:
            put_alert(cursor, news.alert, ends_at=news.ends_at)
        counts = {
            "event_halves": single,
            "event_dead_letters": records.unreadable,
            "feedback": records.labels,
            "monitoring_alerts": records.alerts,
        }
        for table, given in counts.items():
            if given:
                self._note("insert", table)

    def _write(self, cursor: Cursor, pairs: Sequence[EventPair]) -> int:
        rows = chain.from_iterable(predictions_of(pair, model_version=self._model_version) for pair in pairs)
        tuples = [prediction_tuple(row) for row in rows]
        return self._copy_new(cursor, ", ".join(PREDICTION_COLUMNS), copy_stream(tuples)) if tuples else 0


def paired(halves: Sequence[EventHalf]) -> tuple[tuple[EventPair, ...], tuple[EventHalf, ...]]:
    """Events of which both halves are there, and halves that are alone; of repeats the first counts."""
    requests: dict[uuid.UUID, EventHalf] = {}
    responses: dict[uuid.UUID, EventHalf] = {}
    for half in halves:
        (requests if half.kind == "request" else responses).setdefault(half.key, half)
    pairs = tuple(EventPair(request, responses[key]) for key, request in requests.items() if key in responses)
    alone = (
        half
        for ours, theirs in ((requests, responses), (responses, requests))
        for key, half in ours.items()
        if key not in theirs
    )
    return pairs, tuple(alone)
