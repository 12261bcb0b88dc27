"""Whether the watch still tells what happens: its picture is compared with a list, now and then.

A watch can be silent because nothing happens or because it is dead; only asking tells which.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from controller.cluster.errors import ClusterError, ObjectRejected
from controller.handlers.cache import MonitorCache
from controller.manifest import MONITOR, Kind, ObjectKey

_LOG = logging.getLogger("controller.pulse")


@dataclass(frozen=True, slots=True)
class Identity:
    """An object at one moment; the generation grows with each change of its spec."""

    uid: str
    generation: int


class Lister(Protocol):
    """What of the API server is needed."""

    async def generations(self, kind: Kind, namespace: str | None) -> Mapping[ObjectKey, tuple[str, int]]:
        """Uid and generation of all objects of a kind."""


class Pulse:
    """Says whether the watch keeps up.

    Args:
        cache: the picture that the watch gives.
        lister: the API server.
        namespaces: that are watched; empty for all.
        interval_s: time between two looks; the watch is given so long to catch up, in seconds.
    """

    def __init__(
        self, cache: MonitorCache, lister: Lister, *, namespaces: Sequence[str], interval_s: float
    ) -> None:
        self._cache = cache
        self._lister = lister
        self._namespaces: Sequence[str | None] = namespaces or (None,)
        self._interval_s = interval_s
        self._before: Mapping[ObjectKey, Identity] | None = None
        self.alive = True

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(self._interval_s)
            await self.look()

    async def look(self) -> None:
        """Compare the watch with the list of the last look, which it had time to hear of."""
        try:
            now = await self._listed()
        except ObjectRejected as error:
            self._refused(error)
            return
        except ClusterError as error:
            # Without an API server there is nothing to be late for, and a restart would not bring it back.
            _LOG.info("pulse_not_taken", extra={"error": str(error)})
            self._before = None
            return
        before = self._before
        missed = () if before is None else missed_changes(self._cache, before=before, now=now)
        if missed and self.alive:
            _LOG.error("watch_is_dead", extra={"missed": [str(key) for key in missed[:5]]})
        self.alive = not missed
        self._before = now

    def _refused(self, error: ObjectRejected) -> None:
        # Kopf asks on and on; a pod that is started again and again is seen by whoever took the rights.
        _LOG.error("watch_is_not_allowed", extra={"error": str(error)})
        self.alive = False
        self._before = None

    async def _listed(self) -> Mapping[ObjectKey, Identity]:
        found: dict[ObjectKey, Identity] = {}
        for namespace in self._namespaces:
            listed = await self._lister.generations(MONITOR, namespace)
            found |= {key: Identity(*identity) for key, identity in listed.items()}
        return found


def missed_changes(
    cache: MonitorCache, *, before: Mapping[ObjectKey, Identity], now: Mapping[ObjectKey, Identity]
) -> tuple[ObjectKey, ...]:
    """Monitors of which the watch should have told something by now.

    Args:
        cache: what it told.
        before: what was there one interval ago.
        now: what is there.
    """
    unheard = [key for key in before if key in now and not _heard(cache, key, before[key])]
    kept = [key for key in cache.all() if key not in before and key not in now]
    return (*unheard, *kept)


def _heard(cache: MonitorCache, key: ObjectKey, identity: Identity) -> bool:
    known = cache.known(key)
    if known is None:
        return False
    # Of another uid: made anew since, which the watch told of.
    return known.uid != identity.uid or known.generation >= identity.generation
