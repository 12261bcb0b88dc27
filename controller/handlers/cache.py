"""The monitors as the watch last told them, so that a reconcile needs not read its own object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.manifest import ObjectKey

_UNUSED_METADATA: Final = ("managedFields", "selfLink")


class MonitorCache:
    """Bodies of monitors by key, without what nobody reads."""

    def __init__(self) -> None:
        self._bodies: dict[ObjectKey, Mapping[str, Any]] = {}
        self._written: dict[ObjectKey, str] = {}

    def __len__(self) -> int:
        """How many monitors there are."""
        return len(self._bodies)

    def all(self) -> tuple[ObjectKey, ...]:
        """All monitors."""
        return tuple(self._bodies)

    def get(self, key: ObjectKey) -> Mapping[str, Any] | None:
        """A monitor; None if it is gone."""
        return self._bodies.get(key)

    def put(self, key: ObjectKey, body: Mapping[str, Any]) -> bool:
        """Remember a monitor; False if this is only the echo of a status that we wrote."""
        metadata = {name: value for name, value in body["metadata"].items() if name not in _UNUSED_METADATA}
        self._bodies[key] = {**body, "metadata": metadata}
        return bool(self._written.get(key) != metadata["resourceVersion"])

    def wrote(self, key: ObjectKey, version: str) -> None:
        """We wrote the status of a monitor, which thereby got this resourceVersion."""
        self._written[key] = version

    def drop(self, key: ObjectKey) -> None:
        """A monitor is gone."""
        self._bodies.pop(key, None)
        self._written.pop(key, None)
