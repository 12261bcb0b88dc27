"""Watch Deployments: one that is scaled to zero or back changes what a monitor can reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from controller.cluster.watch import Change
from controller.handlers.cache import MonitorCache
from controller.manifest import Kind, ObjectKey
from controller.observation import INFERENCE_SERVICE_LABEL
from controller.work_queue import WorkQueue


@dataclass(frozen=True, slots=True)
class ScaleWatch:
    """Is told of Deployments. Their generation grows when the number of wanted pods changes.

    Attributes:
        cache: which monitors there are.
        queue: gets the monitors that are due.
    """

    cache: MonitorCache
    queue: WorkQueue
    _generations: dict[ObjectKey, int] = field(default_factory=dict)

    def listed(self, kind: Kind, namespace: str | None, found: Sequence[Mapping[str, Any]]) -> None:
        """All Deployments."""
        del kind
        gone = {key for key in self._generations if namespace in (None, key.namespace)}
        for metadata in found:
            gone.discard(_key(metadata))
            self._saw(metadata)
        for key in gone:
            del self._generations[key]

    def changed(self, kind: Kind, change: Change) -> None:
        """A Deployment changed."""
        del kind
        if change.event == "DELETED":
            self._generations.pop(_key(change.metadata), None)
            self._due(change.metadata)
        elif change.event != "BOOKMARK":
            self._saw(change.metadata)

    def absent(self, kind: Kind, namespace: str | None) -> None:
        """Every API server serves Deployments."""

    def _saw(self, metadata: Mapping[str, Any]) -> None:
        key, generation = _key(metadata), int(metadata.get("generation", 0))
        if self.cache.in_namespace(key.namespace) and self._generations.get(key) != generation:
            self._generations[key] = generation
            self._due(metadata)

    def _due(self, metadata: Mapping[str, Any]) -> None:
        namespace = str(metadata["namespace"])
        service = (metadata.get("labels") or {}).get(INFERENCE_SERVICE_LABEL, "")
        # Of other targets the pods' labels would tell which Deployment is theirs, and metadata has none.
        for key in self.cache.watching(ObjectKey(namespace, service)):
            self.queue.add(key)


def _key(metadata: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(metadata["namespace"], metadata["name"])
