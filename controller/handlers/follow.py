"""Follow a kind of object for ever: list it, watch it, and begin anew when the watch breaks."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from controller.cluster.api import Api
from controller.cluster.errors import ClusterError, ObjectMissing
from controller.cluster.watch import Change, WatchBroken, watch_metadata
from controller.manifest import Kind

_LOG = logging.getLogger("controller.follow")
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
# A connection that lasts so long, as one that a load balancer cuts when it is idle, is no sign of trouble.
_LASTED_S: Final = 10.0
# Until a kind whose CRD is missing is asked for again.
_MISSING_S: Final = 10.0


Metadata = Mapping[str, Any]


class Listener(Protocol):
    """Whoever is told."""

    def listed(self, kind: Kind, namespace: str | None, found: Sequence[Metadata]) -> None:
        """Metadata of all objects that there are."""

    def changed(self, kind: Kind, change: Change) -> None:
        """One of them changed."""

    def absent(self, kind: Kind, namespace: str | None) -> None:
        """The kind is not served."""


class Following:
    """One kind in one namespace, or in all of them.

    Args:
        api: the API server.
        kind: kind of the objects.
        namespace: None for all.
        selector: labels of the objects; empty for all.
        listener: is told of them.
        keep: what a list holds of each object's metadata until the listener is told of all.
    """

    def __init__(
        self,
        api: Api,
        kind: Kind,
        namespace: str | None,
        *,
        selector: str,
        listener: Listener,
        keep: Callable[[Metadata], Metadata],
    ) -> None:
        self._api = api
        self._kind = kind
        self._namespace = namespace
        self._selector = selector
        self._listener = listener
        self._keep = keep
        self._version = ""
        self._told = False
        self._pause_s = _FIRST_PAUSE_S
        self.began = asyncio.Event()
        """Set once the objects were listed, or could not be."""

    async def run(self) -> None:
        """Follow for ever."""
        while True:
            before = time.monotonic()
            try:
                self._told = False
                await self._list_and_watch()
                failed = False
            except ObjectMissing:
                await self._wait_for_kind()
                continue
            except ClusterError as error:
                self._broke(error)
                failed = True
            await self._pause(failed=failed, lasted_s=time.monotonic() - before)

    async def _wait_for_kind(self) -> None:
        self._version = ""
        self._listener.absent(self._kind, self._namespace)
        self.began.set()
        await asyncio.sleep(_MISSING_S)

    def _broke(self, error: ClusterError) -> None:
        _LOG.info("watch_broken", extra={"kind": self._kind.name, "error": str(error)})
        self.began.set()
        if not isinstance(error, WatchBroken):
            # Whatever the API server refuses, it may be because of the version from which we went on.
            self._version = ""

    async def _pause(self, *, failed: bool, lasted_s: float) -> None:
        # What was told before a new list is needed does not count: the list would follow at once, for ever.
        if lasted_s > _LASTED_S or (self._told and self._version):
            self._pause_s = _FIRST_PAUSE_S
            if not failed:
                return
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    async def _list_and_watch(self) -> None:
        if not self._version:
            await self._list()
            self.began.set()
        changes = watch_metadata(
            self._api.transport,
            self._kind,
            self._namespace,
            selector=self._selector,
            version=self._version,
        )
        async for change in changes:
            self._version, self._told = change.version, True
            self._listener.changed(self._kind, change)

    async def _list(self) -> None:
        found: list[Metadata] = []
        versions: list[str] = []
        async for version, part in self._api.metadata(self._kind, self._namespace, selector=self._selector):
            versions.append(version)
            found += map(self._keep, part)
        self._listener.listed(self._kind, self._namespace, found)
        # Only now: a list that breaks off half way must begin anew.
        self._version = versions[-1]


def without_fields(metadata: Metadata) -> Metadata:
    """Metadata without who owns which field, which is most of it, and without annotations."""
    return {name: value for name, value in metadata.items() if name not in ("managedFields", "annotations")}
