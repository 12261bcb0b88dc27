"""What was last planned for each monitor, in few bytes: to plan anew costs more than the rest of a look."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from typing import Any

from controller.desired.defaults import Defaults
from controller.desired.plan import plan
from controller.manifest import Capabilities, Kind, Manifest, ObjectKey, Plan
from modelmonitor.api.v1alpha1 import ModelMonitor

_Name = tuple[Kind, str]


@dataclass(frozen=True, slots=True)
class _Outline:
    kind: Kind
    name: str
    check: str | None
    digest: str


@dataclass(frozen=True, slots=True)
class _Known:
    rests_on: tuple[Any, ...]
    outlines: tuple[_Outline, ...]
    without_objects: Plan


@dataclass(frozen=True, slots=True)
class _Planned:
    """An object whose content is planned only where somebody asks for it."""

    kind: Kind
    name: str
    check: str | None
    digest: str
    contents: Callable[[], Mapping[_Name, Manifest]]

    @property
    def manifest(self) -> Manifest:
        """The fields that we own."""
        return self.contents()[self.kind, self.name]


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans of monitors; one is made anew where something that it rests on changed.

    Attributes:
        defaults: settings of the installation.
    """

    defaults: Defaults
    _known: dict[ObjectKey, _Known] = field(default_factory=dict)

    def of(
        self, monitor: ModelMonitor, *, pods: Mapping[str, str] | None, capabilities: Capabilities
    ) -> Plan:
        """Everything that should exist for a valid monitor.

        Args:
            monitor: the monitor.
            pods: labels of the monitored pods; None while they are not known.
            capabilities: what the API server serves.
        """

        @cache
        def made() -> Plan:
            return plan(monitor, pods=pods, capabilities=capabilities, defaults=self.defaults)

        @cache
        def contents() -> Mapping[_Name, Manifest]:
            return {(each.kind, each.name): each.manifest for each in made().objects}

        key = ObjectKey(monitor.namespace, monitor.metadata.name)
        rests_on = (sha256(monitor.model_dump_json().encode()).digest(), pods, capabilities)
        known = self._known.get(key)
        if known is None or known.rests_on != rests_on:
            known = self._known[key] = _known(made(), rests_on)
        objects = (
            _Planned(each.kind, each.name, each.check, each.digest, contents) for each in known.outlines
        )
        return replace(known.without_objects, objects=tuple(objects))

    def forget(self, namespace: str, name: str) -> None:
        """The monitor is gone."""
        self._known.pop(ObjectKey(namespace, name), None)


def _known(made: Plan, rests_on: tuple[Any, ...]) -> _Known:
    outlines = tuple(_Outline(each.kind, each.name, each.check, each.digest) for each in made.objects)
    return _Known(rests_on, outlines, replace(made, objects=()))
