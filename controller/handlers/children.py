"""Watch the objects of all monitors: whatever happens to one makes its monitor due.

Not by Kopf, which would parse and remember ten whole objects a monitor to learn whose they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller.cluster.capabilities import CapabilityProbe
from controller.cluster.sightings import Sightings, Told
from controller.cluster.watch import Change
from controller.desired.metadata import MANAGED_BY
from controller.handlers.cache import MonitorCache
from controller.manifest import CHILD_KINDS, JOB, Kind, ObjectKey
from controller.work_queue import WorkQueue
from modelmonitor.api.labels import MONITOR_LABEL

OWN: Final = ",".join([*(f"{key}={value}" for key, value in MANAGED_BY.items()), MONITOR_LABEL])
KINDS: Final = (*CHILD_KINDS, JOB)


@dataclass(frozen=True, slots=True)
class ChildWatch:
    """Is told of all kinds of objects that monitors have.

    Attributes:
        cache: which monitors there are.
        queue: gets the monitors that are due.
        sightings: remembers what was told.
        probe: is told when a kind begins to be served.
    """

    cache: MonitorCache
    queue: WorkQueue
    sightings: Sightings
    probe: CapabilityProbe
    _absent: set[tuple[Kind, str | None]] = field(default_factory=set)

    def listed(self, kind: Kind, namespace: str | None, found: Sequence[Mapping[str, Any]]) -> None:
        """All objects of a kind: monitors are due whose objects are not as they were left."""
        for owner in self.sightings.replace(kind, namespace, map(_told, found)):
            self._due(owner)
        if (kind, namespace) in self._absent:
            self._absent.discard((kind, namespace))
            self.probe.forget()
            for key in self.cache.all():
                self.queue.add(key)

    def changed(self, kind: Kind, change: Change) -> None:
        """An object changed, perhaps by our own hand."""
        if change.event == "BOOKMARK":
            return
        if change.event == "DELETED":
            owner = self.sightings.lost(kind, _key(change.metadata))
        else:
            told = _told(change.metadata)
            owner = told.owner if self.sightings.saw(kind, told) else None
        if owner is not None:
            self._due(owner)

    def absent(self, kind: Kind, namespace: str | None) -> None:
        """The kind is not served, and neither is what was seen of it."""
        self._absent.add((kind, namespace))
        self.sightings.unsure(kind, namespace)

    def _due(self, owner: ObjectKey) -> None:
        if owner not in self.cache:
            self.sightings.look(owner)
        elif not self.queue.works_on(owner):
            # Of one that is worked on the worker asks afterwards: its own writes are told of too.
            self.queue.add(owner)


def _told(metadata: Mapping[str, Any]) -> Told:
    monitor = (metadata.get("labels") or {}).get(MONITOR_LABEL, "")
    return Told(ObjectKey(metadata["namespace"], monitor), metadata)


def _key(metadata: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(metadata["namespace"], metadata["name"])
