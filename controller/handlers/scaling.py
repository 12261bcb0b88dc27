"""Watch Deployments: one that is scaled to zero or back changes what a monitor can reach."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from controller.cluster.watch import Change
from controller.handlers.cache import MonitorCache
from controller.manifest import Kind, ObjectKey
from controller.observation import INFERENCE_SERVICE_LABEL
from controller.work_queue import WorkQueue

# What is scaled together, as by an installation or an autoscaler of several, is told together.
_GATHER_S: Final = 1.0
# An autoscaler never rests, but monitors are not looked at more often than this.
_APART_S: Final = 10.0


@dataclass(frozen=True, slots=True)
class ScaleWatch:
    """Is told of Deployments. Their generation grows when the number of wanted pods changes.

    Which of them makes the pods of a target is written in its template, which metadata does not have: one of
    no InferenceService makes all monitors of other targets in its namespace due.

    Attributes:
        cache: which monitors there are.
        queue: gets the monitors that are due.
    """

    cache: MonitorCache
    queue: WorkQueue
    _generations: dict[ObjectKey, int] = field(default_factory=dict)
    _gathering: set[ObjectKey] = field(default_factory=set)
    _resting: set[ObjectKey] = field(default_factory=set)

    def listed(self, kind: Kind, namespace: str | None, found: Sequence[Mapping[str, Any]]) -> None:
        """All Deployments."""
        del kind
        gone = {key for key in self._generations if namespace in (None, key.namespace)}
        scaled = [_target(metadata) for metadata in found if self._is_news(metadata)]
        for target in dict.fromkeys(scaled):
            self._tell(target)
        for key in gone - set(map(_key, found)):
            del self._generations[key]

    def changed(self, kind: Kind, change: Change) -> None:
        """A Deployment changed."""
        del kind
        if change.event == "DELETED":
            self._generations.pop(_key(change.metadata), None)
            self._gather(_target(change.metadata))
        elif change.event != "BOOKMARK" and self._is_news(change.metadata):
            self._gather(_target(change.metadata))

    def absent(self, kind: Kind, namespace: str | None) -> None:
        """Every API server serves Deployments."""

    def _is_news(self, metadata: Mapping[str, Any]) -> bool:
        key, generation = _key(metadata), int(metadata.get("generation", 0))
        if not self.cache.in_namespace(key.namespace) or self._generations.get(key) == generation:
            return False
        self._generations[key] = generation
        return True

    def _gather(self, target: ObjectKey) -> None:
        if target in self._gathering or not self.cache.watching(target):
            return
        self._gathering.add(target)
        delay_s = _APART_S if target in self._resting else _GATHER_S
        asyncio.get_running_loop().call_later(delay_s, self._tell, target)

    def _tell(self, target: ObjectKey) -> None:
        self._gathering.discard(target)
        self._resting.add(target)
        asyncio.get_running_loop().call_later(_APART_S, self._resting.discard, target)
        for key in self.cache.watching(target):
            self.queue.add_unless_failing(key)


def _target(metadata: Mapping[str, Any]) -> ObjectKey:
    """The InferenceService of a Deployment; of others one without a name."""
    service = (metadata.get("labels") or {}).get(INFERENCE_SERVICE_LABEL, "")
    return ObjectKey(str(metadata["namespace"]), service)


def _key(metadata: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(metadata["namespace"], metadata["name"])
