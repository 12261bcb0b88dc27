"""Which optional kinds the API server serves: asked again after a while, since CRDs come and go."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from controller.cluster.errors import ObjectMissing
from controller.manifest import CHILD_KINDS, INFERENCE_SERVICE, OPTIONAL_KINDS, Capabilities, Kind

_ALWAYS = frozenset(CHILD_KINDS) - frozenset(OPTIONAL_KINDS)
_ASKED = (*OPTIONAL_KINDS, INFERENCE_SERVICE)


class Discovery(Protocol):
    """What of the API server is needed."""

    async def served(self, api_path: str) -> frozenset[str]:
        """Plural names of the kinds of one API version."""


class CapabilityProbe:
    """Remembers what is served for a while.

    Args:
        api: the API server.
        lifetime_s: how long an answer is believed, in seconds.
    """

    def __init__(self, api: Discovery, *, lifetime_s: float = 60) -> None:
        self._api = api
        self._lifetime_s = lifetime_s
        self._known: Capabilities | None = None
        self._asked_at = 0.0

    async def capabilities(self, *, clock: float) -> Capabilities:
        """What is served now.

        Args:
            clock: the time on any clock that only goes forward, in seconds.

        Raises:
            ClusterError: the API server does not tell.
        """
        if self._known is None or clock - self._asked_at > self._lifetime_s:
            self._known = Capabilities(_ALWAYS | await self._ask(_ASKED))
            self._asked_at = clock
        return self._known

    def forget(self) -> None:
        """Ask again the next time: a CRD came or went."""
        self._known = None

    async def _ask(self, kinds: Iterable[Kind]) -> frozenset[Kind]:
        by_path: dict[str, list[Kind]] = defaultdict(list)
        for kind in kinds:
            by_path[kind.api_path].append(kind)
        served: set[Kind] = set()
        for path, candidates in by_path.items():
            names = await self._names(path)
            served.update(kind for kind in candidates if kind.plural in names)
        return frozenset(served)

    async def _names(self, path: str) -> frozenset[str]:
        try:
            return await self._api.served(path)
        except ObjectMissing:
            return frozenset()
