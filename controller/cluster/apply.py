"""Bring the objects of a monitor to its plan: send what differs, remove what is ours and no longer wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from controller.cluster.api import FIELD_MANAGER
from controller.cluster.difference import digest_of, is_current, stamped
from controller.cluster.errors import ObjectChanged, ObjectMissing, ObjectRejected, SchemaOutdated
from controller.cluster.rivalry import ABSENT, last_editor
from controller.cluster.sightings import Sightings, controller_of, controller_uid
from controller.manifest import (
    ALL_OF_A_KIND,
    MONITOR,
    Failure,
    Kind,
    Manifest,
    ObjectKey,
    Outcome,
    Plan,
    Planned,
)


class Objects(Protocol):
    """What of the API server is needed."""

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        """One object."""

    async def list(self, kind: Kind, namespace: str, *, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Objects of a namespace with all of the labels."""

    async def apply(self, kind: Kind, manifest: Manifest, *, subresource: str = "") -> str:
        """Server-side apply; the object's new resourceVersion."""

    async def apply_new(self, kind: Kind, manifest: Manifest) -> str:
        """Server-side apply of an object that must not be there; its resourceVersion."""

    async def delete(self, kind: Kind, found: Manifest) -> None:
        """Remove an object."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose objects are applied.

    Attributes:
        key: the monitor.
        uid: its identity; objects that another owner controls are never touched.
        labels: by which its objects are found.
    """

    key: ObjectKey
    uid: str
    labels: Mapping[str, str]

    def may_take(self, metadata: Mapping[str, Any]) -> bool:
        """Whether an object of this metadata is the monitor's, or was left by one of the same name."""
        controller = controller_of(metadata)
        if controller is None:
            # Whoever deletes a monitor with --cascade=orphan leaves its objects with its labels.
            return self.labels.items() <= (metadata.get("labels") or {}).items()
        return controller["uid"] == self.uid or (controller["kind"], controller["name"]) == (
            MONITOR.name,
            self.key.name,
        )


@dataclass(slots=True)
class _Log:
    written: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Work:
    """One application of a plan."""

    owner: Owner
    objects: Objects
    sightings: Sightings
    log: _Log = field(default_factory=_Log)

    async def of_kind(self, kind: Kind, wanted: Mapping[str, Planned], *, prune: bool) -> None:
        if self._is_right(kind, wanted, prune=prune):
            return
        try:
            present = await self._present(kind)
        except ObjectRejected as error:
            self.log.failures.append(Failure(kind, ALL_OF_A_KIND, str(error)))
            return
        for name, planned in wanted.items():
            try:
                await self._bring(kind, stamped(planned.manifest), present.get(name))
            except (ObjectRejected, ObjectChanged, ObjectMissing, SchemaOutdated) as error:
                # One object that is refused must not keep the others from being applied.
                self.log.failures.append(Failure(kind, name, str(error), error.after_s))
        if prune:
            for name in present.keys() - wanted.keys():
                await self._prune(kind, present[name])

    def _is_right(self, kind: Kind, wanted: Mapping[str, Planned], *, prune: bool) -> bool:
        seen = self.sightings.names(kind, self.owner.key)
        if seen is None or (prune and seen != wanted.keys()):
            return False
        return all(
            self.sightings.is_right(kind, self._key(name), controller=self.owner.uid, digest=planned.digest)
            for name, planned in wanted.items()
        )

    async def _present(self, kind: Kind) -> dict[str, Manifest]:
        if self.sightings.names(kind, self.owner.key) == frozenset():
            return {}
        found = await self.objects.list(kind, self.owner.key.namespace, labels=self.owner.labels)
        return {each["metadata"]["name"]: each for each in found}

    async def _bring(self, kind: Kind, manifest: Manifest, actual: Manifest | None) -> None:
        if actual is None:
            self._before_write(kind, manifest)
            actual = await self._make(kind, manifest)
        if actual is None:
            return
        if not self.owner.may_take(actual["metadata"]):
            raise ObjectChanged(_foreign(actual))
        if is_current(manifest, actual):
            self._settle(kind, manifest, version=str(actual["metadata"]["resourceVersion"]))
            self.sightings.rivalry.check(self._item(kind, manifest))
            return
        self._before_write(kind, manifest, rival=last_editor(actual["metadata"], own=FIELD_MANAGER))
        self._wrote(kind, manifest, version=await self.objects.apply(kind, manifest))

    async def _make(self, kind: Kind, manifest: Manifest) -> Manifest | None:
        """Make an object; the one that is there already, which no label of ours told of, if there is one."""
        name = manifest["metadata"]["name"]
        try:
            version = await self.objects.apply_new(kind, manifest)
        except ObjectChanged:
            return await self.objects.get(kind, self.owner.key.namespace, name)
        self._wrote(kind, manifest, version=version)
        return None

    def _before_write(self, kind: Kind, manifest: Manifest, *, rival: str = "") -> None:
        item = self._item(kind, manifest)
        self.sightings.rivalry.before_write(item, digest=digest_of(manifest), rival=rival)

    def _wrote(self, kind: Kind, manifest: Manifest, *, version: str) -> None:
        self._settle(kind, manifest, version=version)
        self.log.written.append(f"{kind.name}/{manifest['metadata']['name']}")
        item = self._item(kind, manifest)
        self.sightings.rivalry.wrote(item, digest=digest_of(manifest), version=version)
        self.sightings.rivalry.check(item)

    async def _prune(self, kind: Kind, found: Manifest) -> None:
        if controller_uid(found["metadata"]) != self.owner.uid:
            return
        name = found["metadata"]["name"]
        key = self._key(name)
        try:
            self.sightings.rivalry.before_write((kind, key), digest=ABSENT)
            await self.objects.delete(kind, found)
        except ObjectMissing:
            return
        except (ObjectRejected, ObjectChanged) as error:
            self.log.failures.append(Failure(kind, name, str(error), error.after_s))
        else:
            self.sightings.removed(kind, key)
            self.sightings.rivalry.wrote((kind, key), digest=ABSENT)
            self.log.pruned.append(f"{kind.name}/{name}")

    def _settle(self, kind: Kind, manifest: Manifest, *, version: str) -> None:
        key, digest = self._key(manifest["metadata"]["name"]), digest_of(manifest)
        self.sightings.settled(kind, key, owner=self.owner.key, version=version, digest=digest)

    def _item(self, kind: Kind, manifest: Manifest) -> tuple[Kind, ObjectKey]:
        return kind, self._key(manifest["metadata"]["name"])

    def _key(self, name: str) -> ObjectKey:
        return ObjectKey(self.owner.key.namespace, name)


async def apply_plan(
    plan: Plan, *, owner: Owner, kinds: Sequence[Kind], objects: Objects, sightings: Sightings
) -> Outcome:
    """Make the objects of one owner as planned.

    Args:
        plan: what should exist.
        owner: the monitor.
        kinds: kinds that may hold objects of it and are served.
        objects: the API server.
        sightings: what is known of the objects, so that it needs not be asked for.

    Raises:
        TryLater: the API server does not answer; what was sent until then stands.
    """
    work = _Work(owner, objects, sightings)
    for kind in kinds:
        wanted = {each.name: each for each in plan.objects if each.kind == kind}
        await work.of_kind(kind, wanted, prune=kind not in plan.keep)
    return Outcome(tuple(work.log.written), tuple(work.log.pruned), tuple(work.log.failures))


def _foreign(actual: Manifest) -> str:
    owner = controller_of(actual["metadata"])
    whose = f"it belongs to {owner['kind']} {owner['name']}" if owner else "no label says that it is ours"
    return f"An object of that name is there and {whose}; rename or delete it."
