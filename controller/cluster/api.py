"""The API server over HTTP: read, apply and delete objects as one field manager.

Kopf is no client library, and the official client costs more memory than the rest of the operator; these are
the few requests that are needed.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import aiohttp

from controller.cluster.errors import TryLater, error_for
from controller.manifest import Kind, Manifest, ObjectKey

FIELD_MANAGER: Final = "modelmonitor-operator"
_UNAUTHORIZED: Final = 401
_FAILED: Final = 400
_JSON: Final = "application/json"
_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_PART: Final = 500
_LARGEST_EVENT: Final = 2**20


@dataclass(frozen=True, slots=True)
class Connection:
    """Where the API server is and who we are.

    Attributes:
        headers: with the authorization; never logged.
        trust: certificates, ours and the server's.
    """

    server: str
    headers: Mapping[str, str] = field(repr=False)
    trust: ssl.SSLContext


class Observer(Protocol):
    """Counts requests."""

    def request_done(self, verb: str, code: str) -> None:
        """A request was answered with an HTTP status, or failed with code `error`."""


class Api:
    """Requests to the API server. Connect again on 401: tokens of service accounts expire.

    Args:
        connect: gives the connection; asked again when the API server no longer accepts it.
        observer: counts requests.
        timeout_s: limit of a request.
    """

    def __init__(
        self, connect: Callable[[], Connection], *, observer: Observer, timeout_s: float = 30
    ) -> None:
        self._connect = connect
        self._observer = observer
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._connection = connect()
        self._session: aiohttp.ClientSession | None = None

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        """One object.

        Raises:
            ClusterError: ObjectMissing if it is not there.
        """
        return await self._request("GET", object_path(kind, namespace, name))

    async def list(self, kind: Kind, namespace: str, *, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Objects of a namespace that carry all of the labels, perhaps as they were a moment ago.

        The API server answers from memory (`resourceVersion=0`). For an answer that is surely the newest it
        would wait up to 0.1 s for etcd, and each reconcile lists nine kinds. Nothing is lost by an old one:
        applying again changes nothing, a deletion names the uid, and the watch tells of what is new.
        """
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        query = {"labelSelector": selector, "resourceVersion": "0"}
        found = await self._request("GET", collection_path(kind, namespace), query=query)
        # Lists of built-in kinds leave out what kind their items are.
        return [
            {**item, "apiVersion": kind.api_version, "kind": kind.name} for item in found.get("items") or []
        ]

    async def generations(self, kind: Kind, namespace: str | None) -> dict[ObjectKey, tuple[str, int]]:
        """Uid and generation of all objects of a kind, in parts and without their content."""
        path = f"{kind.api_path}/{kind.plural}" if namespace is None else collection_path(kind, namespace)
        found: dict[ObjectKey, tuple[str, int]] = {}
        query = {"limit": str(_PART)}
        while True:
            part = await self._request("GET", path, query=query, accept=_METADATA_ONLY)
            for metadata in (item["metadata"] for item in part.get("items") or []):
                key = ObjectKey(metadata["namespace"], metadata["name"])
                found[key] = (metadata["uid"], metadata.get("generation", 0))
            if not part["metadata"].get("continue"):
                return found
            query = {**query, "continue": part["metadata"]["continue"]}

    async def version(self, kind: Kind, namespace: str | None, *, selector: str) -> str:
        """The resourceVersion from which a watch tells of all that comes."""
        path = f"{kind.api_path}/{kind.plural}" if namespace is None else collection_path(kind, namespace)
        query = {"labelSelector": selector, "limit": "1"}
        found = await self._request("GET", path, query=query, accept=_METADATA_ONLY)
        return str(found["metadata"]["resourceVersion"])

    @asynccontextmanager
    async def stream(
        self, path: str, *, query: Mapping[str, str], accept: str, silence_s: float
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer that is read as it comes.

        Args:
            path: what is asked for.
            query: its parameters.
            accept: the form of the answer.
            silence_s: how long it may be silent, in seconds.
        """
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=silence_s)
        async with self._opened().get(
            self._connection.server.rstrip("/") + path,
            params=query,
            headers={**self._connection.headers, "Accept": accept},
            ssl=self._connection.trust,
            timeout=timeout,
            read_bufsize=_LARGEST_EVENT,
        ) as response:
            self._observer.request_done("GET", str(response.status))
            if response.status == _UNAUTHORIZED:
                self._connection = self._connect()
            yield response

    async def served(self, api_path: str) -> frozenset[str]:
        """Plural names of the kinds of one API version.

        Raises:
            ClusterError: ObjectMissing if nothing of that version is served.
        """
        found = await self._request("GET", api_path)
        return frozenset(resource["name"] for resource in found.get("resources") or [])

    async def apply(self, kind: Kind, manifest: Manifest, *, subresource: str = "") -> dict[str, Any]:
        """Server-side apply: the fields of the manifest become ours and as they are here; others stay."""
        metadata = manifest["metadata"]
        path = object_path(kind, metadata["namespace"], metadata["name"])
        query = {"fieldManager": FIELD_MANAGER, "force": "true", "fieldValidation": "Strict"}
        return await self._request("PATCH", path + subresource, query=query, body=manifest)

    async def ask_for(self, kind: Kind, manifest: Manifest, *, manager: str) -> dict[str, Any]:
        """Server-side apply to an object of others, as a manager of its own and without force.

        Raises:
            ClusterError: ObjectChanged if another manager has a field of it with another value.
        """
        metadata = manifest["metadata"]
        path = object_path(kind, metadata["namespace"], metadata["name"])
        query = {"fieldManager": manager, "force": "false"}
        return await self._request("PATCH", path, query=query, body=manifest)

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
        return await self._request("PATCH", path + subresource, query=query, body=body)

    async def create(self, kind: Kind, manifest: Manifest) -> dict[str, Any]:
        """Make an object that must not be there yet."""
        path = collection_path(kind, manifest["metadata"]["namespace"])
        return await self._request("POST", path, query={"fieldManager": FIELD_MANAGER}, body=manifest)

    async def delete(self, kind: Kind, found: Manifest) -> None:
        """Remove exactly this object, not one of the same name that came after it."""
        metadata = found["metadata"]
        body = {"preconditions": {"uid": metadata["uid"]}, "propagationPolicy": "Background"}
        await self._request("DELETE", object_path(kind, metadata["namespace"], metadata["name"]), body=body)

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _request(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        accept: str = _JSON,
    ) -> dict[str, Any]:
        status, answer, later = await self._send(verb, path, query=query, body=body, accept=accept)
        if status == _UNAUTHORIZED:
            self._connection = self._connect()
            status, answer, later = await self._send(verb, path, query=query, body=body, accept=accept)
        if status >= _FAILED:
            raise error_for(status, str(answer.get("message", "no reason given")), retry_after=later)
        return answer

    async def _send(
        self, verb: str, path: str, *, query: Mapping[str, str] | None, body: Manifest | None, accept: str
    ) -> tuple[int, dict[str, Any], str | None]:
        content = "application/apply-patch+yaml" if verb == "PATCH" else _JSON
        try:
            async with self._opened().request(
                verb,
                self._connection.server.rstrip("/") + path,
                params=query,
                data=None if body is None else json.dumps(body),
                headers={**self._connection.headers, "Content-Type": content, "Accept": accept},
                ssl=self._connection.trust,
            ) as response:
                self._observer.request_done(verb, str(response.status))
                return response.status, _parsed(await response.text()), response.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._observer.request_done(verb, "error")
            raise TryLater(
                f"The API server does not answer: {str(error) or type(error).__name__}."
            ) from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Watches stay open: with many namespaces they would use up a limit.
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session


def collection_path(kind: Kind, namespace: str) -> str:
    """The path of all objects of a kind in a namespace."""
    return f"{kind.api_path}/namespaces/{namespace}/{kind.plural}"


def object_path(kind: Kind, namespace: str, name: str) -> str:
    """The path of an object."""
    return f"{collection_path(kind, namespace)}/{name}"


def _parsed(text: str) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {"message": text[:200]}
    return answer if isinstance(answer, dict) else {"message": text[:200]}
