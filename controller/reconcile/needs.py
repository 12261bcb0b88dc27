"""What of the API server and of Prometheus a reconcile needs."""

from __future__ import annotations

from typing import Any, Protocol

from controller.cluster.apply import Objects
from controller.manifest import Kind, Manifest, ObjectKey
from controller.observation import PrometheusFacts


class Cluster(Objects, Protocol):
    """What of the API server is needed."""

    async def create(self, kind: Kind, manifest: Manifest) -> dict[str, Any]:
        """Make an object."""

    async def ask_for(self, kind: Kind, manifest: Manifest, *, manager: str) -> dict[str, Any]:
        """Server-side apply without force."""

    async def withdraw(
        self, kind: Kind, key: ObjectKey, *, manager: str, subresource: str = "", uid: str | None = None
    ) -> dict[str, Any]:
        """Take back what a field manager applied."""


class Prometheus(Protocol):
    """What of Prometheus is needed."""

    def of(self, key: ObjectKey) -> PrometheusFacts:
        """What it last said of a monitor."""
