"""Where all that is sent becomes durable before it is answered: the spool, and its way to PostgreSQL."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol

from model_server.collector.errors import NoRoom, Unwritable
from model_server.collector.inbox_table import InboxTable, JoinObserver
from model_server.collector.records import COLUMNS, Record, encode
from modelmonitor.store.backoff import retry_delays
from modelmonitor.store.dead_letters import DeadLetters
from modelmonitor.store.drain import Drain
from modelmonitor.store.errors import SpoolFull, SpoolUnwritable
from modelmonitor.store.observer import LogObserver
from modelmonitor.store.segment import encode_records
from modelmonitor.store.settings import LogSettings
from modelmonitor.store.spool import Spool

logger = logging.getLogger(__name__)


class InboxObserver(LogObserver, JoinObserver, Protocol):
    """What the inbox tells about itself."""


class Inbox:
    """Records on disk until PostgreSQL has them; `put` never waits for the database. Thread-safe."""

    def __init__(self, settings: LogSettings, *, model_version: str, observer: InboxObserver) -> None:
        self._settings = settings
        self._model_version = model_version
        self._observer = observer
        self._spool = Spool(
            settings.directory,
            columns=COLUMNS,
            segment_bytes=settings.segment_bytes,
            max_bytes=settings.max_bytes,
            clock=time.monotonic,
        )
        self._closing = threading.Event()
        self._full = False
        self._syncer = threading.Thread(target=self._sync_regularly, name="collector-sync", daemon=True)
        self._drain = self._make_drain() if settings.database_url else None

    def start(self) -> None:
        """Open the spool and begin to drain what an earlier process left; the database may be down.

        Raises:
            SpoolInUse: another process writes to this directory.
            SpoolUnwritable: the directory cannot be used.
        """
        self._spool.open()
        self._observer.spooled(self._spool.pending_bytes)
        self._syncer.start()
        if self._drain:
            self._drain.start()

    def put(self, records: Sequence[Record]) -> None:
        """Write records with one write(), all or none; when it returns they survive `kill -9`.

        Raises:
            NoRoom: the quota or the disk is used up.
            Unwritable: the disk failed.
        """
        try:
            self._spool.append(encode_records(map(encode, records)))
        except SpoolFull as error:
            self._full = True
            self._observer.dropped(len(records), "spool_full")
            raise NoRoom("the collector's disk is full; send it again once PostgreSQL answers.") from error
        except SpoolUnwritable as error:
            self._full = True
            self._observer.dropped(len(records), "spool_unwritable")
            raise Unwritable("the collector's disk cannot be written; look at its log and volume.") from error
        self._full = False
        self._observer.spooled(self._spool.pending_bytes)

    @property
    def has_room(self) -> bool:
        """Whether the last record could be written, or room was made since."""
        return not self._full or self._spool.pending_bytes < self._settings.max_bytes // 2

    def close(self, timeout_s: float) -> None:
        """Drain for at most that long, then stop; what is left is drained by the next start."""
        deadline = time.monotonic() + timeout_s
        if self._drain:
            self._drain.hurry()
            self._spool.wait_until_drained(timeout_s)
        self._closing.set()
        if self._drain:
            self._drain.stop(max(1.0, deadline - time.monotonic()))
        self._syncer.join()
        self._spool.close()

    def _make_drain(self) -> Drain:
        settings = self._settings
        return Drain(
            self._spool,
            InboxTable(
                settings.database_url,
                connect_timeout_s=settings.connect_timeout_s,
                model_version=self._model_version,
                observer=self._observer,
            ),
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
                logger.exception(
                    "The disk refused to make the spool durable; a power cut now may lose events."
                )


def _now() -> datetime:
    return datetime.now(UTC)
