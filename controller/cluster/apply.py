"""Bring the objects of a monitor to its plan: send what differs, remove what is ours and no longer wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from controller.cluster.difference import is_current, stamped
from controller.cluster.errors import ObjectChanged, ObjectMissing, ObjectRejected
from controller.manifest import Desired, Failure, Kind, Manifest, ObjectKey, Outcome, Plan


class Objects(Protocol):
    """What of the API server is needed."""

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        """One object."""

    async def list(self, kind: Kind, namespace: str, *, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Objects of a namespace with all of the labels."""

    async def apply(self, kind: Kind, manifest: Manifest, *, subresource: str = "") -> dict[str, Any]:
        """Server-side apply."""

    async def delete(self, kind: Kind, found: Manifest) -> None:
        """Remove an object."""


@dataclass(slots=True)
class _Log:
    written: list[str] = field(default_factory=list)
    pruned: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


async def apply_plan(
    plan: Plan,
    *,
    owner: ObjectKey,
    owner_uid: str,
    labels: Mapping[str, str],
    kinds: Sequence[Kind],
    objects: Objects,
) -> Outcome:
    """Make the objects of one owner as planned.

    Args:
        plan: what should exist.
        owner: the monitor.
        owner_uid: its identity; objects that another owner controls are never touched.
        labels: by which its objects are found.
        kinds: kinds that may hold objects of it and are served.
        objects: the API server.

    Raises:
        TryLater: the API server does not answer; what was sent until then stands.
    """
    log = _Log()
    for kind in kinds:
        found = await objects.list(kind, owner.namespace, labels=labels)
        present = {each["metadata"]["name"]: each for each in found}
        wanted = [desired for desired in plan.objects if desired.kind == kind]
        for desired in wanted:
            actual = present.get(desired.name)
            await _guarded(
                _bring(desired, actual, owner_uid=owner_uid, objects=objects, log=log), desired, log
            )
        if kind not in plan.keep:
            names = {desired.name for desired in wanted}
            leftover = [each for name, each in present.items() if name not in names]
            await _prune(kind, leftover, owner_uid=owner_uid, objects=objects, log=log)
    return Outcome(tuple(log.written), tuple(log.pruned), tuple(log.failures))


async def _guarded(work: Any, desired: Desired, log: _Log) -> None:  # noqa: ANN401 - a coroutine
    try:
        await work
    except (ObjectRejected, ObjectChanged, ObjectMissing) as error:
        # One object that is refused must not keep the others from being applied.
        log.failures.append(Failure(desired.kind, desired.name, str(error)))


async def _bring(
    desired: Desired, actual: Manifest | None, *, owner_uid: str, objects: Objects, log: _Log
) -> None:
    manifest = stamped(desired.manifest)
    if actual is None:
        actual = await _unlabelled(desired, objects)
    if actual is not None and controller_uid(actual) != owner_uid:
        raise ObjectChanged(_foreign(desired, actual))
    if actual is not None and is_current(manifest, actual):
        return
    await objects.apply(desired.kind, manifest)
    log.written.append(f"{desired.kind.name}/{desired.name}")


async def _unlabelled(desired: Desired, objects: Objects) -> Manifest | None:
    try:
        return await objects.get(desired.kind, desired.manifest["metadata"]["namespace"], desired.name)
    except ObjectMissing:
        return None


async def _prune(
    kind: Kind, leftover: Sequence[Manifest], *, owner_uid: str, objects: Objects, log: _Log
) -> None:
    for each in leftover:
        if controller_uid(each) != owner_uid:
            continue
        name = each["metadata"]["name"]
        try:
            await objects.delete(kind, each)
        except ObjectMissing:
            continue
        except (ObjectRejected, ObjectChanged) as error:
            log.failures.append(Failure(kind, name, str(error)))
        else:
            log.pruned.append(f"{kind.name}/{name}")


def controller_uid(found: Manifest) -> str | None:
    """Identity of the object that controls this one."""
    references = found["metadata"].get("ownerReferences") or []
    return next((str(each["uid"]) for each in references if each.get("controller")), None)


def _foreign(desired: Desired, actual: Manifest) -> str:
    references = actual["metadata"].get("ownerReferences") or []
    owner = next((f"{each['kind']} {each['name']}" for each in references if each.get("controller")), None)
    whose = f"it belongs to {owner}" if owner else "nobody's label says that it is ours"
    return f"An object of that name is there and {whose}; rename or delete it."
