"""Watch InferenceServices: what changes in one is seen by its monitors, and whose logger it has by all.

Not by Kopf: where it may not watch CRDs, it never learns of a kind that is served later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.cluster.capabilities import CapabilityProbe
from controller.cluster.serving import captors, owns_logger
from controller.cluster.watch import Change
from controller.handlers.cache import MonitorCache
from controller.manifest import Kind, ObjectKey
from controller.work_queue import WorkQueue


@dataclass(frozen=True, slots=True)
class ServiceWatch:
    """Is told of InferenceServices.

    Attributes:
        cache: which monitors there are; gets who holds which logger.
        queue: gets the monitors that are due.
        probe: is told when KServe comes.
    """

    cache: MonitorCache
    queue: WorkQueue
    probe: CapabilityProbe
    _versions: dict[ObjectKey, str] = field(default_factory=dict)
    _absent: set[str | None] = field(default_factory=set)

    def listed(self, kind: Kind, namespace: str | None, found: Sequence[Mapping[str, Any]]) -> None:
        """All InferenceServices."""
        del kind
        if namespace in self._absent:
            self._absent.discard(namespace)
            self.probe.forget()
        gone = self._of(namespace)
        for metadata in found:
            gone.discard(_key(metadata))
            self._saw(metadata)
        for service in gone:
            self._lost(service)

    def changed(self, kind: Kind, change: Change) -> None:
        """An InferenceService changed, perhaps only its status."""
        del kind
        if change.event == "DELETED":
            self._lost(_key(change.metadata))
        elif change.event != "BOOKMARK":
            self._saw(change.metadata)

    def absent(self, kind: Kind, namespace: str | None) -> None:
        """KServe is not installed: then there is no InferenceService."""
        del kind
        self._absent.add(namespace)
        for service in self._of(namespace):
            self._lost(service)

    def _of(self, namespace: str | None) -> set[ObjectKey]:
        return {service for service in self._versions if namespace in (None, service.namespace)}

    def _saw(self, metadata: Mapping[str, Any]) -> None:
        service, version = _key(metadata), str(metadata["resourceVersion"])
        if self._versions.get(service) == version:
            return
        self._versions[service] = version
        holders = captors(metadata)
        self.cache.held_by(service, holders)
        # Also of monitors that nobody knows: deleted while no operator ran, they left their loggers.
        self._due(service, *(ObjectKey(service.namespace, name) for name in holders))

    def _lost(self, service: ObjectKey) -> None:
        self._versions.pop(service, None)
        self.cache.held_by(service, frozenset())
        self._due(service)

    def _due(self, service: ObjectKey, *holders: ObjectKey) -> None:
        for key in (*holders, *self.cache.watching(service)):
            self.queue.add(key)


def logger_fields(metadata: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the watch reads of an InferenceService's metadata: who owns its logger, and no other field."""
    managed = [entry for entry in metadata.get("managedFields") or [] if owns_logger(entry)]
    named = {name: metadata[name] for name in ("namespace", "name", "resourceVersion")}
    return {**named, "managedFields": managed}


def _key(metadata: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(metadata["namespace"], metadata["name"])
