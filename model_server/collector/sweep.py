"""The thread that gives up on halves without a partner and forgets what is too old."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from contextlib import closing

import psycopg2

from modelmonitor.store.connection import connect
from modelmonitor.store.errors import StoreError
from modelmonitor.store.orphans import EventLifetimes, sweep_events

logger = logging.getLogger(__name__)


class Sweeper:
    """Sweeps every so many seconds, whether or not events come in.

    Args:
        database_url: of PostgreSQL.
        lifetimes: how long what is left of events stays.
        interval_s: seconds between two sweeps.
        on_orphans: told how many new orphans there are of each kind.
    """

    def __init__(
        self,
        database_url: str,
        *,
        lifetimes: EventLifetimes,
        interval_s: float,
        on_orphans: Callable[[Mapping[str, int]], None],
    ) -> None:
        self._database_url = database_url
        self._lifetimes = lifetimes
        self._interval_s = interval_s
        self._on_orphans = on_orphans
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="collector-sweep", daemon=True)

    def start(self) -> None:
        """Begin to sweep."""
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End, waiting at most that long for the sweep in progress."""
        self._stopping.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stopping.wait(self._interval_s):
            try:
                # A connection for each sweep: one that idles for most of its life is not worth a slot.
                with closing(connect(self._database_url, application_name="modelmonitor-sweep")) as conn:
                    self._on_orphans(sweep_events(conn, self._lifetimes))
            except StoreError:
                # The drain tells that the database is down.
                continue
            except psycopg2.Error as error:
                logger.warning(
                    "Orphans were not looked for: PostgreSQL says %s.", error.pgcode or "connection lost"
                )
