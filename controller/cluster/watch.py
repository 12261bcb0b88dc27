"""Watch the metadata of objects: that one changed and whose it is, without reading its content."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp

from controller.cluster.errors import TryLater, error_for
from controller.cluster.paths import listed_path
from controller.cluster.transport import METADATA, Transport, cause
from controller.manifest import Kind

# The API server sends a bookmark each minute: more silence than that is a dead connection.
_SILENCE_S: Final = 75.0
_LONGEST_S: Final = (240, 300)


class WatchBroken(TryLater):
    """The connection broke: what happened since can still be told."""


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a watch.

    Attributes:
        event: ADDED, MODIFIED, DELETED, or BOOKMARK: nothing changed; only the version moved on.
        version: from which a watch goes on after this.
        metadata: of the object; of a bookmark nothing but the version.
    """

    event: str
    version: str
    metadata: Mapping[str, Any]


async def watch_metadata(
    transport: Transport, kind: Kind, namespace: str | None, *, selector: str, version: str
) -> AsyncIterator[Change]:
    """Changes since a version, until the API server ends the watch, which it does after some minutes.

    Args:
        transport: to the API server.
        kind: kind of the objects.
        namespace: None for all.
        selector: labels of the objects.
        version: resourceVersion of the list or change that came before.

    Raises:
        ClusterError: ObjectMissing if the kind is not served, WatchBroken to go on from the last version;
            after any other the objects must be listed anew.
    """
    query = {
        "watch": "true",
        "allowWatchBookmarks": "true",
        "labelSelector": selector,
        "resourceVersion": version,
        # Spread, so that the watches of all kinds do not begin anew together.
        "timeoutSeconds": str(random.randint(*_LONGEST_S)),  # noqa: S311 - no secret
    }
    try:
        path = listed_path(kind, namespace)
        async with transport.stream(path, query=query, accept=METADATA, silence_s=_SILENCE_S) as response:
            if response.status >= 400:
                raise error_for(response.status, (await response.text())[:200])
            while line := await response.content.readline():
                yield _change(line)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise WatchBroken(f"The watch of {kind.plural} broke: {cause(error)}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise TryLater(f"The watch of {kind.plural} told what is no event: {cause(error)}.") from error


def _change(line: bytes) -> Change:
    event = json.loads(line)
    found = event["object"]
    if event["type"] == "ERROR":
        raise error_for(int(found.get("code", 500)), str(found.get("message", "no reason given")))
    metadata = found["metadata"]
    return Change(str(event["type"]), metadata["resourceVersion"], metadata)
