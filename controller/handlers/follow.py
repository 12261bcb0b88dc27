"""Follow a kind of object for ever: list it, watch it, and begin anew when the watch breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from controller.cluster.api import Api
from controller.cluster.errors import ClusterError, ObjectMissing
from controller.cluster.watch import Change, WatchExpired, watch_metadata
from controller.manifest import Kind

_LOG = logging.getLogger("controller.follow")
_FIRST_PAUSE_S: Final = 1.0
_LONGEST_PAUSE_S: Final = 60.0
# Until a kind whose CRD is missing is asked for again.
_MISSING_S: Final = 10.0


class Listener(Protocol):
    """Whoever is told."""

    def listed(self, kind: Kind, namespace: str | None, found: Sequence[Mapping[str, Any]]) -> None:
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
    """

    def __init__(
        self, api: Api, kind: Kind, namespace: str | None, *, selector: str, listener: Listener
    ) -> None:
        self._api = api
        self._kind = kind
        self._namespace = namespace
        self._selector = selector
        self._listener = listener
        self._version = ""
        self.began = asyncio.Event()
        """Set once the objects were listed, or could not be."""

    async def run(self) -> None:
        """Follow for ever."""
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                await self._list_and_watch()
                pause_s = _FIRST_PAUSE_S
            except ObjectMissing:
                self._version = ""
                self._listener.absent(self._kind, self._namespace)
                self.began.set()
                await asyncio.sleep(_MISSING_S)
            except WatchExpired:
                self._version = ""
            except ClusterError as error:
                _LOG.info("watch_broken", extra={"kind": self._kind.name, "error": str(error)})
                self.began.set()
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

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
            self._version = change.version
            self._listener.changed(self._kind, change)

    async def _list(self) -> None:
        found: list[dict[str, Any]] = []
        versions: list[str] = []
        async for version, part in self._api.metadata(self._kind, self._namespace, selector=self._selector):
            versions.append(version)
            found += map(_without_fields, part)
        self._listener.listed(self._kind, self._namespace, found)
        # Only now: a list that breaks off half way must begin anew.
        self._version = versions[-1]


def _without_fields(metadata: Mapping[str, Any]) -> dict[str, Any]:
    # Nobody here reads who owns which field, and it is most of the metadata.
    return {name: value for name, value in metadata.items() if name not in ("managedFields", "annotations")}
