"""The thread that carries rows from the spool into PostgreSQL, however often either of them fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

from modelmonitor.store.dead_letters import DeadLetters
from modelmonitor.store.errors import DatabaseRefused, RowsRefused, StoreError
from modelmonitor.store.observer import LogObserver
from modelmonitor.store.segment_reader import Batch
from modelmonitor.store.settings import LogSettings
from modelmonitor.store.spool import Spool

_IDLE_S = 1.0
_PARTITION_CHECK: Final = timedelta(hours=1)
logger = logging.getLogger(__name__)


class Table(Protocol):
    """Where rows are committed; `modelmonitor.store.prediction_table.PredictionTable` is one."""

    def store(self, columns: tuple[str, ...], rows: Sequence[bytes]) -> int:
        """Commit rows, each exactly once; the number that was new.

        Raises:
            RowsRefused: some row is at fault; none was stored.
            StoreError: try again later; whether the rows were stored is not known.
        """

    def reach(self) -> None:
        """Ask whether rows could be stored, without any.

        Raises:
            StoreError: they could not.
        """

    def ensure_partitions(self, now: datetime) -> tuple[str, ...]:
        """Make ready what rows of these days need."""

    def close(self) -> None:
        """Let go of the connection."""


class Drain:
    """Reads batches, commits them, isolates rows that PostgreSQL refuses, and only then releases them."""

    def __init__(
        self,
        spool: Spool,
        table: Table,
        *,
        dead_letters: DeadLetters,
        settings: LogSettings,
        observer: LogObserver,
        delays: Callable[[], Iterator[float]],
        now: Callable[[], datetime],
    ) -> None:
        self._spool = spool
        self._table = table
        self._dead_letters = dead_letters
        self._settings = settings
        self._observer = observer
        self._delays = delays
        self._now = now
        self._stopping = threading.Event()
        self._hurry = threading.Event()
        self._partitions_checked: datetime | None = None
        self._trouble = ""
        self._reached = False
        self._thread = threading.Thread(target=self._run, name="prediction-log-drain", daemon=True)

    def start(self) -> None:
        """Begin to drain."""
        self._thread.start()

    def hurry(self) -> None:
        """Commit rows at once instead of collecting some first, until `relax`."""
        self._hurry.set()

    def relax(self) -> None:
        """Collect rows again before each transaction."""
        self._hurry.clear()

    def stop(self, timeout_s: float) -> None:
        """End after the transaction in progress, waiting at most that long for it."""
        self._stopping.set()
        self._hurry.set()
        self._spool.wake()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        delays = self._delays()
        while not self._stopping.is_set():
            try:
                self._step()
                delays = self._delays()
            except StoreError as error:
                self._tell(str(error))
                self._stopping.wait(next(delays))
            except Exception:
                # A thread that died of a surprise would stop the log without a word.
                logger.exception(
                    "The prediction log failed to write a batch; it stays in the spool and is tried again."
                )
                self._stopping.wait(self._settings.retry_max_s)
        self._table.close()

    def _step(self) -> None:
        if not self._spool.wait_for_rows(_IDLE_S, unless=self._stopping.is_set):
            self._spool.retire(older_than_s=self._settings.idle_seal_s)
            self._reach_once()
            return
        if self._spool.pending_bytes < self._settings.batch_bytes:
            self._hurry.wait(self._settings.linger_s)
        self._prepare_partitions()
        batch = self._spool.read(max_rows=self._settings.batch_rows, max_bytes=self._settings.batch_bytes)
        if batch:
            self._commit(batch)

    def _reach_once(self) -> None:
        """Find out about PostgreSQL before the first row: an idle model is no reason for an alert."""
        if not self._reached:
            self._table.reach()
            self._stores()

    def _commit(self, batch: Batch) -> None:
        records = batch.records
        if records.torn_bytes:
            logger.warning(
                "Cut %d bytes that were never acknowledged from the end of a segment.", records.torn_bytes
            )
        if records.corrupt:
            self._set_apart(batch.columns, records.corrupt, "damaged on disk: CRC32 does not match")
            self._observer.dropped(len(records.corrupt), "corrupt_on_disk")
        self._store(batch.columns, records.rows)
        self._spool.release(batch)
        self._observer.spooled(self._spool.pending_bytes)

    def _store(self, columns: tuple[str, ...], rows: Sequence[bytes]) -> None:
        """Commit the rows, halving them on refusal until each refused row stands alone."""
        remaining = [rows] if rows else []
        while remaining:
            part = remaining.pop()
            try:
                self._written(self._table.store(columns, part))
            except RowsRefused as refusal:
                if len(part) > 1:
                    middle = len(part) // 2
                    remaining += [part[middle:], part[:middle]]
                else:
                    self._set_apart(columns, part, str(refusal))
                    self._observer.dropped(1, "refused_by_database")

    def _set_apart(self, columns: tuple[str, ...], rows: Sequence[bytes], reason: str) -> None:
        discarded = self._dead_letters.keep(rows, columns=columns, reason=reason)
        logger.error("Kept %d row(s) aside that cannot be stored: %s", len(rows), reason)
        if discarded:
            logger.error("No copy is left of %d row(s) set aside: the room for them is used up.", discarded)
            self._observer.discarded(discarded)

    def _written(self, rows: int) -> None:
        self._observer.written(rows)
        self._stores()

    def _stores(self) -> None:
        self._reached = True
        self._observer.database_up(up=True)
        if self._trouble:
            logger.info("PostgreSQL takes predictions again.")
            self._trouble = ""
            self._partitions_checked = None

    def _tell(self, trouble: str) -> None:
        self._observer.database_up(up=False)
        if trouble != self._trouble:
            logger.warning("%s Predictions stay in the spool until then.", trouble)
            self._trouble = trouble

    def _prepare_partitions(self) -> None:
        now = self._now()
        if self._partitions_checked and now - self._partitions_checked < _PARTITION_CHECK:
            return
        try:
            self._table.ensure_partitions(now)
        except DatabaseRefused as error:
            # The default partition takes the rows meanwhile.
            logger.warning("No day partitions were made ahead: %s", error)
        self._partitions_checked = now
