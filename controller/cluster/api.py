"""Objects of the API server: read, apply and delete them as one field manager.

Kopf is no client library, and the official client costs more memory than the rest of the operator; these are
the few requests that are needed.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, Final

from controller.cluster.paths import collection_path, listed_path, object_path
from controller.cluster.transport import METADATA, METADATA_LIST, Connection, Observer, Transport
from controller.manifest import Kind, Manifest, ObjectKey

FIELD_MANAGER: Final = "modelmonitor-operator"
_PART: Final = 250
# No object has it: etcd's revisions begin with 1, and the first object is written after that.
_OF_NO_OBJECT: Final = "1"


class Api:
    """Objects of the API server.

    Args:
        connect: gives the connection; asked again when the API server no longer accepts it.
        observer: counts requests.
        timeout_s: limit of a request.
    """

    def __init__(
        self, connect: Callable[[], Connection], *, observer: Observer, timeout_s: float = 30
    ) -> None:
        self.transport = Transport(connect, observer=observer, timeout_s=timeout_s)

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        """One object.

        Raises:
            ClusterError: ObjectMissing if it is not there.
        """
        return await self.transport.request("GET", object_path(kind, namespace, name))

    async def list(self, kind: Kind, namespace: str, *, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Objects of a namespace that carry all of the labels, perhaps as they were a moment ago.

        The API server answers from memory (`resourceVersion=0`). For an answer that is surely the newest it
        would wait up to 0.1 s for etcd. Nothing is lost by an old one: applying again changes nothing, a
        deletion names the uid, and the watch tells of what is new.
        """
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        query = {"labelSelector": selector, "resourceVersion": "0"}
        found = await self.transport.request("GET", collection_path(kind, namespace), query=query)
        # Lists of built-in kinds leave out what kind their items are.
        return [
            {**item, "apiVersion": kind.api_version, "kind": kind.name} for item in found.get("items") or []
        ]

    async def metadata(
        self, kind: Kind, namespace: str | None, *, selector: str = ""
    ) -> AsyncIterator[tuple[str, Sequence[Mapping[str, Any]]]]:
        """Metadata of all objects of a kind, in parts, each with the version from which a watch goes on."""
        query = {"limit": str(_PART), **({"labelSelector": selector} if selector else {})}
        while True:
            part = await self.transport.request(
                "GET", listed_path(kind, namespace), query=query, accept=METADATA_LIST
            )
            found = part["metadata"]
            yield str(found["resourceVersion"]), [item["metadata"] for item in part.get("items") or []]
            if not found.get("continue"):
                return
            query = {**query, "continue": found["continue"]}

    async def generations(self, kind: Kind, namespace: str | None) -> dict[ObjectKey, tuple[str, int]]:
        """Uid and generation of all objects of a kind."""
        return {
            ObjectKey(each["namespace"], each["name"]): (each["uid"], each.get("generation", 0))
            async for _, part in self.metadata(kind, namespace)
            for each in part
        }

    async def served(self, api_path: str) -> frozenset[str]:
        """Plural names of the kinds of one API version.

        Raises:
            ClusterError: ObjectMissing if nothing of that version is served.
        """
        found = await self.transport.request("GET", api_path)
        return frozenset(resource["name"] for resource in found.get("resources") or [])

    async def apply(self, kind: Kind, manifest: Manifest, *, subresource: str = "") -> str:
        """Server-side apply: the fields of the manifest become ours and as they are here; others stay.

        Returns:
            The object's new resourceVersion.
        """
        metadata = manifest["metadata"]
        path = object_path(kind, metadata["namespace"], metadata["name"])
        query = {"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"}
        written = await self.transport.request(
            "PATCH", path + subresource, query=query, body=manifest, accept=METADATA
        )
        return str(written["metadata"]["resourceVersion"])

    async def apply_new(self, kind: Kind, manifest: Manifest) -> str:
        """Server-side apply of an object that must not be there yet.

        To ask first would be twice the requests, and an object could come between the two. An object that
        is there has another resourceVersion than the one that is demanded; one that is made gets its own.

        Returns:
            The object's resourceVersion.

        Raises:
            ClusterError: ObjectChanged if there is an object of that name.
        """
        metadata = {**manifest["metadata"], "resourceVersion": _OF_NO_OBJECT}
        return await self.apply(kind, {**manifest, "metadata": metadata})

    async def ask_for(self, kind: Kind, manifest: Manifest, *, manager: str) -> dict[str, Any]:
        """Server-side apply to an object of others, as a manager of its own and without force.

        Raises:
            ClusterError: ObjectChanged if another manager has a field of it with another value.
        """
        metadata = manifest["metadata"]
        path = object_path(kind, metadata["namespace"], metadata["name"])
        query = {"fieldManager": manager, "force": "false"}
        return await self.transport.request("PATCH", path, query=query, body=manifest)

    async def withdraw(
        self, kind: Kind, key: ObjectKey, *, manager: str, subresource: str = "", uid: str | None = None
    ) -> dict[str, Any]:
        """Server-side apply of nothing: fields that this manager alone owns go, all others stay.

        With the `uid` nothing is made anew that was deleted meanwhile; a status is never made.
        """
        query = {"fieldManager": manager, "force": "true"}
        head = {"apiVersion": kind.api_version, "kind": kind.name}
        metadata = {"name": key.name, "namespace": key.namespace, **({"uid": uid} if uid else {})}
        body = {**head, "metadata": metadata}
        path = object_path(kind, key.namespace, key.name)
        return await self.transport.request("PATCH", path + subresource, query=query, body=body)

    async def create(self, kind: Kind, manifest: Manifest) -> dict[str, Any]:
        """Make an object that must not be there yet."""
        path = collection_path(kind, manifest["metadata"]["namespace"])
        return await self.transport.request(
            "POST", path, query={"fieldManager": FIELD_MANAGER}, body=manifest
        )

    async def delete(self, kind: Kind, found: Manifest) -> None:
        """Remove exactly this object, not one of the same name that came after it."""
        metadata = found["metadata"]
        body = {"preconditions": {"uid": metadata["uid"]}, "propagationPolicy": "Background"}
        path = object_path(kind, metadata["namespace"], metadata["name"])
        await self.transport.request("DELETE", path, body=body)

    async def close(self) -> None:
        """Close connections."""
        await self.transport.close()
