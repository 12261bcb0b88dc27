"""What the live view shows and how keys change it: values in, values out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from modelmonitor.cli.model import Status
from modelmonitor.health import State

_ORDER: Final = {State.CRITICAL: 0, State.WARNING: 1, State.UNKNOWN: 2, State.HEALTHY: 3}


def health_of(status: Status, name: str) -> float:
    """A value of the threshold table; what was not measured comes last."""
    found = [row.value for row in status.health if row.name == name and row.value is not None]
    return found[0] if found else -1.0


_SORTS: Final[dict[str, Callable[[Status], object]]] = {
    "state": lambda each: (_ORDER[each.state], each.namespace, each.name),
    "name": lambda each: (each.name, each.namespace),
    "confidence": lambda each: (health_of(each, "Avg Confidence"), each.name),
    "latency": lambda each: (-health_of(each, "Latency (P95)"), each.name),
    "errors": lambda each: (-health_of(each, "Error Rate"), each.name),
}


@dataclass(frozen=True, slots=True)
class View:
    """What is looked at.

    Attributes:
        sort: one of state, name, confidence, latency, errors.
        wanted: only monitors with this in their name.
        typing: whether keys go into `wanted`.
        selected: place of the chosen line among those shown.
        detail: whether the chosen monitor fills the screen.
        done: whether the person wants to leave.
    """

    sort: str = "state"
    wanted: str = ""
    typing: bool = False
    selected: int = 0
    detail: bool = False
    done: bool = False


def visible(statuses: Sequence[Status], view: View) -> tuple[Status, ...]:
    """The monitors that are shown, in their order."""
    chosen = [each for each in statuses if view.wanted in f"{each.namespace}/{each.name}"]
    return tuple(sorted(chosen, key=_SORTS[view.sort]))  # type: ignore[arg-type]


def press(view: View, key: str, *, lines: int) -> View:
    """The view after a key.

    Args:
        view: before.
        key: a character, or up, down, enter, escape, backspace.
        lines: monitors that are shown.
    """
    if view.typing:
        return _typed(view, key)
    if key in {"q", "\x03", "\x04"}:
        return replace(view, done=True)
    if key == "escape":
        return replace(view, detail=False, wanted="") if not view.detail else replace(view, detail=False)
    if key == "s":
        names = list(_SORTS)
        return replace(view, sort=names[(names.index(view.sort) + 1) % len(names)], selected=0)
    if key == "/":
        return replace(view, typing=True, wanted="", detail=False, selected=0)
    if key == "enter":
        return replace(view, detail=not view.detail and lines > 0)
    step = {"up": -1, "k": -1, "down": 1, "j": 1}.get(key, 0)
    return replace(view, selected=max(0, min(lines - 1, view.selected + step)))


def _typed(view: View, key: str) -> View:
    if key == "enter":
        return replace(view, typing=False)
    if key == "escape":
        return replace(view, typing=False, wanted="")
    if key == "\x03":
        return replace(view, done=True)
    if key == "backspace":
        return replace(view, wanted=view.wanted[:-1])
    return replace(view, wanted=view.wanted + key) if len(key) == 1 and key.isprintable() else view
