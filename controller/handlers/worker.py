"""Takes monitors that are due, reconciles them, and says in one log line how it went."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from controller.cluster.capabilities import CapabilityProbe
from controller.cluster.errors import ClusterError, ObjectMissing, TryLater
from controller.cluster.sightings import Sightings
from controller.handlers.cache import MonitorCache
from controller.manifest import ObjectKey
from controller.reconcile import Reconciled, Reconciler
from controller.telemetry import Telemetry
from controller.work_queue import WorkQueue

_LOG = logging.getLogger("controller.reconcile")
# A tenth of a tenth either way, so that monitors that began together do not stay together.
_SPREAD: Final = 0.1
# A look at a monitor with nothing to do costs about 5 ms of CPU: so many take under half a percent of a core.
_RESYNC_PER_MONITOR_S: Final = 1.2
_NEXT_AFTER_AN_ANSWER: Final = 2
# What is due at a moment is due after it.
_MOMENT_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Worker:
    """Reconciles what the queue gives, one monitor after the other.

    Attributes:
        resync_s: when to look again though nothing changed, in seconds.
        recheck_s: when to look again at a target that is not there yet, in seconds.
    """

    reconciler: Reconciler
    probe: CapabilityProbe
    cache: MonitorCache
    queue: WorkQueue
    sightings: Sightings
    telemetry: Telemetry
    resync_s: float
    recheck_s: float
    _unanswered: set[ObjectKey] = field(default_factory=set)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            key = await self.queue.take()
            try:
                await self._work(key)
            finally:
                self.queue.done(key)
                if self.sightings.has_news(key):
                    self.queue.add(key)
                self.telemetry.waiting(len(self.queue))

    async def _work(self, key: ObjectKey) -> None:
        self.sightings.look(key)
        known = self.cache.known(key)
        began = time.monotonic()
        if known is None:
            await self._release(key, began=began)
            return
        body = known.body()
        if body["metadata"].get("deletionTimestamp"):
            return
        try:
            done = await self._reconcile(body, clock=began)
        except ClusterError as error:
            if isinstance(error, ObjectMissing):
                self.probe.forget()  # the monitor, of which the watch will say so, or a kind whose CRD went
            if isinstance(error, TryLater) and error.after_s is None:
                self._unanswered.add(key)
            self._failed(key, [str(error)], began=began, at_least_s=_asked_delay(error))
        except Exception:  # noqa: BLE001 - whatever it is, it concerns this monitor: the others must go on
            _LOG.exception("reconcile_crashed", extra={"monitor": str(key)})
            self._failed(key, ["The operator has a fault; see its log."], began=began)
        else:
            self._finished(key, done, began=began)

    async def _reconcile(self, body: Mapping[str, Any], *, clock: float) -> Reconciled:
        capabilities = await self.probe.capabilities(clock=clock)
        held = self.cache.holds(_key(body))
        return await self.reconciler.reconcile(
            body, capabilities=capabilities, now=datetime.now(UTC), held=held
        )

    async def _release(self, key: ObjectKey, *, began: float) -> None:
        held = self.cache.holds(key)
        if not held:
            self.queue.forget(key)
            return
        try:
            gone = await self.reconciler.release(key, held)
        except ClusterError as error:
            self._try_again(key, [str(error)], began=began, at_least_s=_asked_delay(error))
            return
        if gone:
            self.queue.forget(key)
            _LOG.info("loggers_released", extra={"monitor": str(key), "services": sorted(held)})

    def _finished(self, key: ObjectKey, done: Reconciled, *, began: float) -> None:
        if key not in self.cache:
            return  # deleted meanwhile: to show its gauges now would be for ever
        if done.version is not None:
            self.cache.wrote(key, done.version)
        self.telemetry.gauges.show(str(key), done.gauges)
        self._look_at_unanswered(key)
        if done.failures:
            self._failed(key, done.failures, began=began, retry_s=done.retry_s)
            return
        self.queue.succeeded(key)
        self._look_again(key, done)
        self._report(key, done, began=began)

    def _look_at_unanswered(self, answered: ObjectKey) -> None:
        # The API server answers again: those that it failed need not wait out their pauses. Two for each
        # that was answered are soon all of them, and no flood for one that answers now and then.
        self._unanswered.discard(answered)
        for key in tuple(self._unanswered)[:_NEXT_AFTER_AN_ANSWER]:
            self._unanswered.discard(key)
            if key in self.cache:
                self.queue.add(key)

    def _look_again(self, key: ObjectKey, done: Reconciled) -> None:
        spread = random.uniform(1 - _SPREAD, 1 + _SPREAD)  # noqa: S311 - no secret
        longest_s = spread * max(self.resync_s, _RESYNC_PER_MONITOR_S * len(self.cache))
        if done.stale_at is not None:
            until_stale_s = (done.stale_at - datetime.now(UTC)).total_seconds() + _MOMENT_S
            longest_s = min(longest_s, max(until_stale_s, _MOMENT_S))
        if done.settled:
            self.queue.settled(key)
            self.queue.add_later(key, delay_s=longest_s)
        else:
            self.queue.add_recheck(key, first_s=spread * self.recheck_s, longest_s=longest_s)

    def _failed(
        self,
        key: ObjectKey,
        sentences: list[str] | tuple[str, ...],
        *,
        began: float,
        at_least_s: float = 0,
        retry_s: float | None = None,
    ) -> None:
        if key not in self.cache:
            self.queue.forget(key)  # deleted meanwhile: nobody would ever take its failures back
            return
        seconds = time.monotonic() - began
        self.telemetry.reconciled(key.namespace, key.name, seconds=seconds, failed=True)
        self._try_again(key, sentences, began=began, at_least_s=at_least_s, retry_s=retry_s)

    def _try_again(
        self,
        key: ObjectKey,
        sentences: list[str] | tuple[str, ...],
        *,
        began: float,
        at_least_s: float = 0,
        retry_s: float | None = None,
    ) -> None:
        if retry_s is None:
            retry_s = self.queue.add_after_failure(key, at_least_s=at_least_s)
        else:
            self.queue.add_later(key, delay_s=retry_s)
        fields = {
            "monitor": str(key),
            "seconds": round(time.monotonic() - began, 3),
            "retry_s": round(retry_s, 3),
            "failures": list(sentences),
        }
        _LOG.warning("reconcile_failed", extra=fields)

    def _report(self, key: ObjectKey, done: Reconciled, *, began: float) -> None:
        seconds = time.monotonic() - began
        self.telemetry.reconciled(key.namespace, key.name, seconds=seconds, failed=False)
        fields = {"monitor": str(key), "seconds": round(seconds, 3)}
        _LOG.info("reconciled", extra={**fields, "written": done.written, "pruned": done.pruned})


def _key(body: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(body["metadata"]["namespace"], body["metadata"]["name"])


def _asked_delay(error: ClusterError) -> float:
    return (error.after_s or 0) if isinstance(error, TryLater) else 0
