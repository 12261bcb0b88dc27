"""What Kopf watches and which monitor it concerns: a handler only says that a monitor is due.

All are event handlers: those of Kopf that keep state would write it to every monitor, at start too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import kopf

from controller.cluster.capabilities import CapabilityProbe
from controller.handlers.cache import MonitorCache
from controller.manifest import INFERENCE_SERVICE, MONITOR, OPTIONAL_KINDS, Kind, ObjectKey
from controller.work_queue import WorkQueue

CRD: Final = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions")
_OF_INTEREST: Final = frozenset(
    f"{kind.plural}.{kind.group}" for kind in (*OPTIONAL_KINDS, INFERENCE_SERVICE)
)


class Forgetful(Protocol):
    """Whoever keeps something of a monitor."""

    def forget(self, namespace: str, name: str) -> None:
        """The monitor is gone."""


@dataclass(frozen=True, slots=True)
class Watches:
    """Handlers of everything that Kopf watches.

    Attributes:
        cache: gets every change of a monitor.
        queue: gets the monitors that are due.
        probe: is told when a CRD comes or goes.
        keepers: are told when a monitor goes.
    """

    cache: MonitorCache
    queue: WorkQueue
    probe: CapabilityProbe
    keepers: tuple[Forgetful, ...]

    async def monitor_changed(self, event: Mapping[str, Any], **_: object) -> None:
        """A monitor is new, other than before, or gone."""
        body = event["object"]
        key = _key(body)
        if event["type"] == "DELETED":
            self.cache.drop(key)
            self.queue.forget(key)
            for keeper in self.keepers:
                keeper.forget(key.namespace, key.name)
            if self.cache.holds(key):
                self.queue.add(key)
        elif self.cache.put(key, body):
            self.queue.add(key)

    async def definition_changed(self, event: Mapping[str, Any], **_: object) -> None:
        """A CRD came or went: what could not be made may now be."""
        if event["type"] is not None and event["object"]["metadata"]["name"] in _OF_INTEREST:
            self.probe.forget()
            for key in self.cache.all():
                self.queue.add(key)


def register(registry: kopf.OperatorRegistry, watches: Watches, *, cluster_wide: bool) -> None:
    """Tell Kopf what to watch.

    Args:
        registry: Kopf's, where handlers are kept.
        watches: the handlers.
        cluster_wide: whether CRDs may be watched, which belong to no namespace.
    """
    _watch(registry, MONITOR, watches.monitor_changed)
    if cluster_wide:
        _watch(registry, CRD, watches.definition_changed)


def _watch(registry: kopf.OperatorRegistry, kind: Kind, handler: Any) -> None:  # noqa: ANN401
    kopf.on.event(kind.group, kind.version, kind.plural, registry=registry)(handler)


def _key(body: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(body["metadata"]["namespace"], body["metadata"]["name"])
