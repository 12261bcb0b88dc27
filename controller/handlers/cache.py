"""The monitors as the watch last told them, so that a reconcile needs not read its own object."""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.manifest import ObjectKey

_UNUSED_METADATA: Final = ("managedFields", "selfLink")


@dataclass(frozen=True, slots=True)
class Known:
    """A monitor in few bytes: as Python's dictionaries a thousand of them would take 40 MB.

    Attributes:
        packed: the body, as JSON, compressed.
        uid: its identity.
        generation: of its spec.
        inference_service: that it monitors; empty for other targets.
    """

    packed: bytes
    uid: str
    generation: int
    inference_service: str

    def body(self) -> dict[str, Any]:
        """The monitor as the API server holds it."""
        found: dict[str, Any] = json.loads(zlib.decompress(self.packed))
        return found


class MonitorCache:
    """Monitors by key, without what nobody reads."""

    def __init__(self) -> None:
        self._known: dict[ObjectKey, Known] = {}
        self._written: dict[ObjectKey, str] = {}
        self._holders: dict[ObjectKey, frozenset[str]] = {}
        self._in_namespace: Counter[str] = Counter()

    def __len__(self) -> int:
        """How many monitors there are."""
        return len(self._known)

    def __contains__(self, key: ObjectKey) -> bool:
        """Whether there is such a monitor."""
        return key in self._known

    def all(self) -> tuple[ObjectKey, ...]:
        """All monitors."""
        return tuple(self._known)

    def in_namespace(self, namespace: str) -> bool:
        """Whether there is a monitor in a namespace."""
        return self._in_namespace[namespace] > 0

    def known(self, key: ObjectKey) -> Known | None:
        """A monitor; None if it is gone."""
        return self._known.get(key)

    def watching(self, service: ObjectKey) -> tuple[ObjectKey, ...]:
        """Monitors of an InferenceService; of one without a name, those of other targets in its namespace."""
        return tuple(
            key
            for key, known in self._known.items()
            if key.namespace == service.namespace and known.inference_service == service.name
        )

    def put(self, key: ObjectKey, body: Mapping[str, Any]) -> bool:
        """Remember a monitor; False if this is only the echo of a status that we wrote."""
        metadata = {name: value for name, value in body["metadata"].items() if name not in _UNUSED_METADATA}
        if key not in self._known:
            self._in_namespace[key.namespace] += 1
        self._known[key] = Known(
            zlib.compress(json.dumps({**body, "metadata": metadata}).encode(), level=1),
            uid=str(metadata.get("uid", "")),
            generation=int(metadata.get("generation", 0)),
            inference_service=_inference_service(body),
        )
        return bool(self._written.get(key) != metadata["resourceVersion"])

    def wrote(self, key: ObjectKey, version: str) -> None:
        """We wrote the status of a monitor, which thereby got this resourceVersion."""
        self._written[key] = version

    def held_by(self, service: ObjectKey, monitors: frozenset[str]) -> None:
        """Monitors that hold the logger of an InferenceService; none if it is gone."""
        if monitors:
            self._holders[service] = monitors
        else:
            self._holders.pop(service, None)

    def holds(self, key: ObjectKey) -> frozenset[str]:
        """Names of the InferenceServices whose logger a monitor holds."""
        return frozenset(
            service.name
            for service, monitors in self._holders.items()
            if service.namespace == key.namespace and key.name in monitors
        )

    def drop(self, key: ObjectKey) -> None:
        """A monitor is gone."""
        if self._known.pop(key, None) is not None:
            self._in_namespace[key.namespace] -= 1
        self._written.pop(key, None)


def _inference_service(body: Mapping[str, Any]) -> str:
    # With the CRD of another version anything may be where a mapping should be.
    found: Any = body
    for part in ("spec", "target", "inferenceService"):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""
