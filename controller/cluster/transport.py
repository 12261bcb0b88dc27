"""HTTP to the API server: who we are, one request, one answer that is read as it comes."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import aiohttp

from controller.cluster.errors import TryLater, error_for
from controller.manifest import Manifest
from modelmonitor.api.json_as_yaml import json_as_yaml

WHOLE: Final = "application/json"
"""An object as it is."""

METADATA: Final = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
"""An object without its content."""

METADATA_LIST: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
"""Objects without their content."""

_UNAUTHORIZED: Final = 401
_FAILED: Final = 400
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


class Transport:
    """Requests to the API server. Connect again on 401: tokens of service accounts expire.

    Args:
        connect: gives the connection; asked again when the API server no longer accepts it.
        observer: counts requests.
        timeout_s: limit of a request.
    """

    def __init__(self, connect: Callable[[], Connection], *, observer: Observer, timeout_s: float) -> None:
        self._connect = connect
        self._observer = observer
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._connection = connect()
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        verb: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Manifest | None = None,
        accept: str = WHOLE,
    ) -> dict[str, Any]:
        """The answer to a request.

        Raises:
            ClusterError: the API server refuses or does not answer.
        """
        status, answer, later = await self._send(verb, path, query=query, body=body, accept=accept)
        if status == _UNAUTHORIZED:
            self._connection = self._connect()
            status, answer, later = await self._send(verb, path, query=query, body=body, accept=accept)
        if status >= _FAILED:
            raise error_for(status, str(answer.get("message", "no reason given")), retry_after=later)
        return answer

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

    async def close(self) -> None:
        """Close connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _send(
        self, verb: str, path: str, *, query: Mapping[str, str] | None, body: Manifest | None, accept: str
    ) -> tuple[int, dict[str, Any], str | None]:
        content = "application/apply-patch+yaml" if verb == "PATCH" else WHOLE
        try:
            async with self._opened().request(
                verb,
                self._connection.server.rstrip("/") + path,
                params=query,
                data=None if body is None else json_as_yaml(body),
                headers={**self._connection.headers, "Content-Type": content, "Accept": accept},
                ssl=self._connection.trust,
            ) as response:
                self._observer.request_done(verb, str(response.status))
                return response.status, _parsed(await response.read()), response.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            self._observer.request_done(verb, "error")
            raise TryLater(f"The API server does not answer: {cause(error)}.") from error

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            # Watches stay open: with many namespaces they would use up a limit.
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, connector=aiohttp.TCPConnector(limit=0)
            )
        return self._session


def cause(error: Exception) -> str:
    """What went wrong with a connection, in the words of the system and without Python's."""
    if isinstance(error, aiohttp.ClientConnectorError):
        system = error.os_error
        return f"{error.host}:{error.port}: {system.strerror or system}"
    return str(error) or type(error).__name__


def _parsed(text: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(text)
    except ValueError:
        return {"message": text[:200].decode(errors="replace")}
    return answer if isinstance(answer, dict) else {"message": text[:200].decode(errors="replace")}
