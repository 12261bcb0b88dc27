"""Ask Prometheus again and again; monitors of which it says something new are due."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from typing import Final, Protocol

from controller.handlers.cache import MonitorCache
from controller.manifest import ObjectKey
from controller.observation import PrometheusFacts
from controller.work_queue import WorkQueue

_LOG = logging.getLogger("controller.survey")
# One that failed may be a restart of Prometheus; after so many in a row nothing old is believed any more.
_FAILURES_BELIEVED: Final = 2
# A survey of very many rules costs seconds of CPU: it is done so seldom that it takes 1 % of a core.
_PAUSE_PER_CPU: Final = 100.0
_LONGEST_PAUSE_S: Final = 300.0


class Asked(Protocol):
    """What of Prometheus is needed."""

    async def survey(self) -> Mapping[ObjectKey, PrometheusFacts] | str:
        """What it says of each monitor; a sentence why not if it does not answer."""


class Survey:
    """What Prometheus last said.

    Args:
        prometheus: is asked.
        cache: which monitors there are.
        queue: gets the monitors that are due.
        interval_s: time between two surveys, in seconds.
    """

    def __init__(
        self, prometheus: Asked, *, cache: MonitorCache, queue: WorkQueue, interval_s: float
    ) -> None:
        self._prometheus = prometheus
        self._cache = cache
        self._queue = queue
        self._interval_s = interval_s
        self._facts: Mapping[ObjectKey, PrometheusFacts] = {}
        self._obstacle: str | None = "Prometheus was not asked yet."
        self._failures = 0
        self.began = asyncio.Event()
        """Set once Prometheus was asked."""

    def of(self, key: ObjectKey) -> PrometheusFacts:
        """What it says of a monitor; of one that it does not know, that nothing is loaded or reached."""
        return _of(key, self._facts, self._obstacle)

    async def run(self) -> None:
        """Ask for ever."""
        last_s = 0.0
        while True:
            before = time.process_time()
            await self.ask()
            cost_s = time.process_time() - before
            # What else the operator did meanwhile is in it; that seldom happens twice in a row.
            pause_s = min(_PAUSE_PER_CPU * min(cost_s, last_s), _LONGEST_PAUSE_S)
            last_s = cost_s
            await asyncio.sleep(max(self._interval_s, pause_s))

    async def ask(self) -> None:
        """Ask once."""
        answer = await self._answer()
        facts, obstacle = self._facts, self._obstacle
        if isinstance(answer, str):
            self._failed(answer)
        else:
            self._facts, self._obstacle, self._failures = answer, None, 0
        for key in self._cache.all() if self.began.is_set() else ():
            if self.of(key) != _of(key, facts, obstacle):
                self._queue.add(key)
        self.began.set()

    async def _answer(self) -> Mapping[ObjectKey, PrometheusFacts] | str:
        try:
            return await self._prometheus.survey()
        except Exception:  # noqa: BLE001 - the operator works without Prometheus: it must not end with it
            _LOG.exception("survey_crashed")
            return "Prometheus could not be asked, by a fault of the operator; see its log."

    def _failed(self, sentence: str) -> None:
        self._failures += 1
        _LOG.info("survey_failed", extra={"error": sentence})
        if self._failures > _FAILURES_BELIEVED or not self.began.is_set():
            self._facts, self._obstacle = {}, sentence


def _of(key: ObjectKey, facts: Mapping[ObjectKey, PrometheusFacts], obstacle: str | None) -> PrometheusFacts:
    return facts.get(key, PrometheusFacts()) if obstacle is None else PrometheusFacts(obstacle=obstacle)
