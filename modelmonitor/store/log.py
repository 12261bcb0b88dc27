"""The prediction log: a row is safe once `append` returns, and reaches PostgreSQL whenever that is up."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime

from modelmonitor.store.backoff import retry_delays
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, needs_repair, prediction_tuple
from modelmonitor.store.dead_letters import DeadLetters
from modelmonitor.store.drain import Drain
from modelmonitor.store.errors import SpoolFull, SpoolUnwritable
from modelmonitor.store.observer import LogObserver, SilentObserver
from modelmonitor.store.prediction_table import PredictionTable
from modelmonitor.store.records import Prediction
from modelmonitor.store.segment import encode_records
from modelmonitor.store.settings import LogSettings
from modelmonitor.store.spool import Spool

__all__ = ["LogSettings", "PredictionLog"]

logger = logging.getLogger(__name__)


class PredictionLog:
    """At-least-once into a spool on disk, exactly-once into `prediction_logs`. Thread-safe.

    `append` never waits for the database, only for a write() to the page cache: rows survive the death of the
    process at once, and a power cut after at most `fsync_interval_s`.
    """

    def __init__(self, settings: LogSettings, *, on_event: LogObserver | None = None) -> None:
        self._settings = settings
        self._observer: LogObserver = on_event or SilentObserver()
        self._spool = Spool(
            settings.directory,
            columns=PREDICTION_COLUMNS,
            segment_bytes=settings.segment_bytes,
            max_bytes=settings.max_bytes,
            clock=time.monotonic,
        )
        self._closing = threading.Event()
        self._syncer = threading.Thread(target=self._sync_regularly, name="prediction-log-sync", daemon=True)
        self._drain = self._make_drain() if settings.database_url else None

    def start(self) -> None:
        """Open the spool and begin to drain it; the database may be down.

        Raises:
            SpoolInUse: another process writes to this directory.
            SpoolUnwritable: the directory cannot be used.
        """
        self._spool.open()
        self._observer.spooled(self._spool.pending_bytes)
        if self._settings.fsync_interval_s > 0:
            self._syncer.start()
        if self._drain:
            self._drain.start()

    def append(self, predictions: Sequence[Prediction]) -> None:
        """Log predictions, all or none; when it returns they survive `kill -9`.

        Raises:
            SpoolFull: no room; they are not logged, and counted as dropped.
            SpoolUnwritable: the disk failed; the same holds.
            LogNotOpen: before `start` or after `close`.
        """
        data = encode_records(map(prediction_tuple, predictions))
        try:
            self._spool.append(data)
            if self._settings.fsync_interval_s <= 0:
                self._spool.sync()
        except SpoolUnwritable as error:
            full = isinstance(error, SpoolFull)
            self._observer.dropped(len(predictions), "spool_full" if full else "spool_unwritable")
            raise
        if repaired := sum(map(needs_repair, predictions)):
            self._observer.repaired(repaired)
        self._observer.spooled(self._spool.pending_bytes)

    def flush(self, timeout_s: float) -> bool:
        """Whether everything appended until now was committed (or kept aside) within the time."""
        if not self._drain:
            return self._spool.wait_until_drained(timeout_s=0)
        self._drain.hurry()
        try:
            return self._spool.wait_until_drained(timeout_s)
        finally:
            self._drain.relax()

    def close(self, timeout_s: float) -> None:
        """Drain for at most that long, then stop; what is left is drained by the next start."""
        deadline = time.monotonic() + timeout_s
        self.flush(timeout_s)
        self._closing.set()
        if self._drain:
            self._drain.stop(max(1.0, deadline - time.monotonic()))
        if self._syncer.is_alive():
            self._syncer.join()
        self._spool.close()

    @property
    def pending_bytes(self) -> int:
        """Bytes in the spool that PostgreSQL has not committed."""
        return self._spool.pending_bytes

    def _make_drain(self) -> Drain:
        settings = self._settings
        table = PredictionTable(
            settings.database_url,
            connect_timeout_s=settings.connect_timeout_s,
            partitions_ahead_days=settings.partitions_ahead_days,
            on_statement=self._observer.statement,
        )
        return Drain(
            self._spool,
            table,
            dead_letters=DeadLetters(settings.directory, max_bytes=settings.dead_letter_bytes, now=_now),
            settings=settings,
            observer=self._observer,
            delays=lambda: retry_delays(settings.retry_initial_s, settings.retry_max_s, random=random.random),
            now=_now,
        )

    def _sync_regularly(self) -> None:
        while not self._closing.wait(self._settings.fsync_interval_s):
            try:
                self._spool.sync()
            except OSError:
                logger.exception("The disk refused to make the spool durable; a power cut now may lose rows.")


def _now() -> datetime:
    return datetime.now(UTC)
