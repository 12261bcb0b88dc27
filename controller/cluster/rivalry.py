"""What somebody changes back as often as we write it: written less and less often, and told."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from controller.cluster.errors import ObjectChanged

ABSENT: Final = ""
"""The digest of what should not be there."""

# A person who edits an object some times in a minute is put right at once; only a machine goes on.
_AT_ONCE: Final = 5
_LASTING_S: Final = 60.0
_FIRST_WAIT_S: Final = 2.0
_LONGEST_WAIT_S: Final = 300.0


class FoughtOver(ObjectChanged):
    """Somebody keeps undoing what we write: end one of the two writers."""

    def __init__(self, rival: str, *, after_s: float) -> None:
        self.after_s = after_s
        whose = f"The field manager {rival}" if rival else "Somebody, perhaps a second operator,"
        what_to_do = "have only one write it. It is written less and less often until it stays."
        super().__init__(f"{whose} changes it back within seconds: {what_to_do}")


@dataclass(slots=True)
class _Bout:
    """Writes of the same to one place, none of which lasted."""

    digest: str
    version: str = ""
    writes: int = 0
    written_at: float = 0.0
    undone: bool = False
    rival: str = ""

    @property
    def wait_s(self) -> float:
        """How long the next write waits after the last one."""
        if self.writes < _AT_ONCE:
            return 0.0
        return min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2.0 ** min(self.writes - _AT_ONCE, 16))

    @property
    def quiet_at(self) -> float:
        """When it may be written again, or has stayed."""
        return self.written_at + self.wait_s

    @property
    def over_at(self) -> float:
        """When a write is the first again."""
        return self.written_at + _LASTING_S + 2 * self.wait_s


class Rivalry:
    """Who writes against us, told by how soon what we wrote is undone.

    Args:
        clock: gives the present in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bouts: dict[Hashable, _Bout] = {}
        self._tidy_at = 0.0

    def before_write(self, item: Hashable, *, digest: str, rival: str = "") -> None:
        """An item is not as desired and is about to be written.

        Args:
            item: what is written.
            digest: of what is desired.
            rival: field manager that wrote it last, if it is not ours.

        Raises:
            FoughtOver: it was undone so often that the write must wait.
        """
        bout = self._current(item, digest)
        if bout is None:
            return
        bout.rival = rival or bout.rival
        if self._clock() < bout.quiet_at:
            bout.undone = True
            raise self._fought_over(bout)

    def wrote(self, item: Hashable, *, digest: str, version: str = "") -> None:
        """An item was written.

        Args:
            item: what was written.
            digest: of what is desired.
            version: resourceVersion that it got; the same as before if the write changed nothing.
        """
        self._tidy()
        bout = self._current(item, digest)
        if bout is None:
            bout = self._bouts[item] = _Bout(digest)
        if not version or version != bout.version:
            bout.writes += 1
        bout.version, bout.written_at = version, self._clock()

    def check(self, item: Hashable) -> None:
        """An item is as desired.

        Raises:
            FoughtOver: whether it stays is not known yet.
        """
        if self.contested(item):
            raise self._fought_over(self._bouts[item])

    def contested(self, item: Hashable) -> bool:
        """Whether an item that should be there was undone, and waits to be written or is watched to stay."""
        bout = self._bouts.get(item)
        return bout is not None and bout.undone and bout.digest != ABSENT and self._clock() < bout.quiet_at

    def _fought_over(self, bout: _Bout) -> FoughtOver:
        return FoughtOver(bout.rival, after_s=bout.quiet_at - self._clock())

    def _current(self, item: Hashable, digest: str) -> _Bout | None:
        bout = self._bouts.get(item)
        alive = bout is not None and bout.digest == digest and self._clock() < bout.over_at
        return bout if alive else None

    def _tidy(self) -> None:
        now = self._clock()
        if now >= self._tidy_at:
            self._bouts = {item: bout for item, bout in self._bouts.items() if now < bout.over_at}
            self._tidy_at = now + _LASTING_S


def last_editor(metadata: Mapping[str, Any], *, own: str) -> str:
    """The field manager that changed an object last, status aside; empty if it is our own.

    Args:
        metadata: of the object.
        own: name of our field manager.
    """
    entries = [each for each in metadata.get("managedFields") or [] if not each.get("subresource")]
    newest = max((each.get("time", "") for each in entries), default="")
    # Times are whole seconds: in the second of our own write the other one is meant.
    names = sorted(str(each["manager"]) for each in entries if each.get("time", "") == newest)
    return next((name for name in names if name != own), "")
