"""What watches last told of the objects of monitors, and which of these are known to be as desired.

A reconcile asks the API server only about objects that this picture does not show to be right. It holds a few
words an object: the objects themselves, ten a monitor, would be most of the operator's memory.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from controller.cluster.rivalry import Rivalry
from controller.manifest import Kind, ObjectKey


@dataclass(frozen=True, slots=True)
class Told:
    """An object as its watch told of it.

    Attributes:
        owner: the monitor that its label names.
        metadata: of the object.
    """

    owner: ObjectKey
    metadata: Mapping[str, Any]


@dataclass(slots=True)
class _Known:
    owner: ObjectKey
    controller: str = ""
    # As the watch told last; empty before.
    version: str = ""
    # When it was last found or made as desired, and what was desired then.
    right_version: str = ""
    right_digest: str = ""


class Sightings:
    """The picture. Objects are named by kind and key, their monitors by key.

    News of a monitor is what a watch told and no reconcile has looked at, but not its own writes, and nothing
    of an object that somebody writes against us: the next attempt at it has its time.

    Attributes:
        rivalry: knows which objects these are.
    """

    def __init__(self) -> None:
        self.rivalry = Rivalry()
        self._known: dict[str, dict[ObjectKey, _Known]] = defaultdict(dict)
        self._names: dict[str, dict[ObjectKey, set[str]]] = defaultdict(dict)
        self._complete: set[tuple[str, str | None]] = set()
        self._news: dict[ObjectKey, set[tuple[str, str]]] = {}

    def replace(self, kind: Kind, namespace: str | None, listed: Iterable[Told]) -> frozenset[ObjectKey]:
        """A list of all objects of a kind: monitors of whose objects it tells something new.

        Args:
            kind: kind of the objects.
            namespace: None for all.
            listed: what is there.
        """
        of_kind = self._known[kind.plural]
        gone = {key for key in of_kind if namespace in (None, key.namespace)}
        news = set()
        for told in listed:
            gone.discard(_key(told.metadata))
            if self.saw(kind, told):
                news.add(told.owner)
        for key in gone:
            owner = self.lost(kind, key)
            news.update([owner] if owner is not None else [])
        self._complete.add((kind.plural, namespace))
        return frozenset(news)

    def saw(self, kind: Kind, told: Told) -> bool:
        """A watch told of an object; whether that is news."""
        key = _key(told.metadata)
        known = self._record(kind, key, told.owner)
        known.version = str(told.metadata["resourceVersion"])
        known.controller = controller_uid(told.metadata) or ""
        self._names[kind.plural].setdefault(told.owner, set()).add(key.name)
        return self._judge(kind, key, known)

    def lost(self, kind: Kind, key: ObjectKey) -> ObjectKey | None:
        """A watch told that an object is gone: its monitor, if that is news."""
        known = self._known[kind.plural].pop(key, None)
        if known is None:
            return None
        self._unlist(kind, key, known.owner)
        if self.rivalry.contested((kind, key)):
            return None
        self._news.setdefault(known.owner, set()).add((kind.plural, key.name))
        return known.owner

    def settled(self, kind: Kind, key: ObjectKey, *, owner: ObjectKey, version: str, digest: str) -> None:
        """An object was found, or made, as desired.

        Args:
            kind: of the object.
            key: of the object.
            owner: its monitor.
            version: its resourceVersion.
            digest: of what was desired.
        """
        known = self._record(kind, key, owner)
        known.right_version, known.right_digest = version, digest
        if known.version:
            self._judge(kind, key, known)

    def removed(self, kind: Kind, key: ObjectKey) -> None:
        """An object was removed by a reconcile: what the watch will tell of it is no news."""
        known = self._known[kind.plural].pop(key, None)
        if known is not None:
            self._unlist(kind, key, known.owner)

    def unsure(self, kind: Kind, namespace: str | None) -> None:
        """The watch of a kind tells no more."""
        self._complete.discard((kind.plural, namespace))

    def names(self, kind: Kind, owner: ObjectKey) -> frozenset[str] | None:
        """Names of the objects of a monitor; None while the watch of the kind has not told of all."""
        scopes = {(kind.plural, None), (kind.plural, owner.namespace)}
        if not scopes & self._complete:
            return None
        return frozenset(self._names[kind.plural].get(owner, ()))

    def is_right(self, kind: Kind, key: ObjectKey, *, controller: str, digest: str) -> bool:
        """Whether an object is known to be as desired, and this object's controller."""
        known = self._known[kind.plural].get(key)
        return (
            known is not None
            and not self.rivalry.contested((kind, key))
            and known.version == known.right_version != ""
            and known.right_digest == digest
            and known.controller == controller
        )

    def look(self, owner: ObjectKey) -> None:
        """A reconcile of the monitor begins: what is told from now on is news."""
        self._news.pop(owner, None)

    def has_news(self, owner: ObjectKey) -> bool:
        """Whether something was told since the monitor was last looked at."""
        return bool(self._news.get(owner))

    def _record(self, kind: Kind, key: ObjectKey, owner: ObjectKey) -> _Known:
        known = self._known[kind.plural].setdefault(key, _Known(owner))
        if known.owner != owner:
            self._unlist(kind, key, known.owner)
            known.owner = owner
        return known

    def _judge(self, kind: Kind, key: ObjectKey, known: _Known) -> bool:
        news = known.version != known.right_version and not self.rivalry.contested((kind, key))
        mine = self._news.setdefault(known.owner, set())
        (mine.add if news else mine.discard)((kind.plural, key.name))
        if not mine:
            del self._news[known.owner]
        return news

    def _unlist(self, kind: Kind, key: ObjectKey, owner: ObjectKey) -> None:
        names = self._names[kind.plural].get(owner, set())
        names.discard(key.name)
        if not names:
            self._names[kind.plural].pop(owner, None)


def controller_of(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The reference to the object that controls the one of this metadata."""
    references = metadata.get("ownerReferences") or []
    return next((each for each in references if each.get("controller")), None)


def controller_uid(metadata: Mapping[str, Any]) -> str | None:
    """Identity of the object that controls the one of this metadata."""
    controller = controller_of(metadata)
    return None if controller is None else str(controller["uid"])


def _key(metadata: Mapping[str, Any]) -> ObjectKey:
    return ObjectKey(metadata["namespace"], metadata["name"])
