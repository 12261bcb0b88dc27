"""Watch the objects of all monitors: whatever happens to one makes its monitor due.

Not by Kopf, which would parse and remember ten whole objects a monitor to learn whose they are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.cluster.api import Api
from controller.cluster.errors import ClusterError, ObjectMissing
from controller.cluster.watch import WatchExpired, watch_metadata
from controller.desired.metadata import MANAGED_BY
from controller.handlers.cache import MonitorCache
from controller.manifest import CHILD_KINDS, JOB, Kind, ObjectKey
from controller.work_queue import WorkQueue
from modelmonitor.api.labels import MONITOR_LABEL

_LOG = logging.getLogger("controller.children")
OWN: Final = ",".join([*(f"{key}={value}" for key, value in MANAGED_BY.items()), MONITOR_LABEL])
# After a broken connection, and until a kind whose CRD is missing is asked for again.
_PAUSE_S: Final = 1.0
_MISSING_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ChildWatch:
    """Watches all kinds of objects that monitors have.

    Attributes:
        api: the API server.
        cache: which monitors there are.
        queue: gets the monitors that are due.
        namespaces: empty for all.
    """

    api: Api
    cache: MonitorCache
    queue: WorkQueue
    namespaces: tuple[str, ...] = ()

    def start(self) -> list[asyncio.Task[None]]:
        """A task for each kind and namespace; none of them ends by itself."""
        spaces = self.namespaces or (None,)
        return [
            asyncio.create_task(self._follow(kind, space)) for kind in (*CHILD_KINDS, JOB) for space in spaces
        ]

    async def _follow(self, kind: Kind, namespace: str | None) -> None:
        version = ""
        while True:
            try:
                if not version:
                    version = await self.api.version(kind, namespace, selector=OWN)
                    # What happened before this list was told to nobody.
                    self._all_due()
                async for change in watch_metadata(self.api, kind, namespace, selector=OWN, version=version):
                    version = change.version
                    if not change.bookmark:
                        self._due(change.metadata)
            except ObjectMissing:
                version = ""
                await asyncio.sleep(_MISSING_S)
            except WatchExpired:
                version = ""
            except ClusterError as error:
                _LOG.info("watch_broken", extra={"kind": kind.name, "error": str(error)})
                await asyncio.sleep(_PAUSE_S)

    def _due(self, metadata: Mapping[str, Any]) -> None:
        owner = ObjectKey(metadata["namespace"], (metadata.get("labels") or {}).get(MONITOR_LABEL, ""))
        if owner in self.cache:
            self.queue.add(owner)

    def _all_due(self) -> None:
        for key in self.cache.all():
            self.queue.add(key)
