"""One YAML document as plain values, with the line of every field.

Scalars are read as the API server's clients read them: quoted text stays text, and so does a bare
2026-11-01T00:00:00Z. Anchors and aliases are refused: a few lines of them can stand for gigabytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import CollectionEndEvent, CollectionStartEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from modelmonitor.api.problems import Path, Problem, path_text

MAX_DEPTH: Final = 50
_KINDS: Final = {"int": int, "float": float}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field is in the text (line and column from 1) and how its value is written there."""

    line: int
    column: int
    written: str


@dataclass(frozen=True, slots=True)
class Document:
    """The values of a document, the place of each field, and what is wrong with its form."""

    value: Any
    places: Mapping[Path, Place]
    problems: tuple[Problem, ...]


def read_document(text: str) -> Document:
    """The only document of a YAML text; empty documents around it are passed over."""
    try:
        too_deep = _line_too_deep(text)
        if too_deep:
            return _broken(too_deep, 1, f"the text is nested deeper than {MAX_DEPTH} levels; no field is")
        nodes = [node for node in _parser().compose_all(text) if not _is_empty(node)]
    except (YAMLError, ValueError) as error:
        return _bad_syntax(error)
    if not nodes:
        return _broken(1, 1, "the text is empty; begin with apiVersion: modelmonitor.io/v1alpha1")
    if len(nodes) > 1:
        return _broken(_line(nodes[1]), 1, "a second document begins here; keep one ModelMonitor in a file")
    walk = _Walk()
    value = walk.value(nodes[0], ())
    return Document(value, walk.places, tuple(walk.problems))


def _parser() -> YAML:
    return YAML(typ="safe", pure=True)


def _line_too_deep(text: str) -> int | None:
    # Composing recurses: thousands of brackets would exhaust the stack.
    depth = 0
    for event in _parser().parse(text):
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        if depth > MAX_DEPTH:
            return int(event.start_mark.line) + 1
    return None


class _Walk:
    """Turns nodes into values and notes places and problems on the way."""

    def __init__(self) -> None:
        self.places: dict[Path, Place] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def value(self, node: Node, path: Path) -> Any:  # noqa: ANN401 - any YAML value
        self.places.setdefault(path, _place(node, node))
        if id(node) in self._seen:
            self._complain(node, path, "is an alias (*); write the value out")
            return None
        self._seen.add(id(node))
        if isinstance(node, MappingNode):
            return {key: self.value(child, (*path, key)) for key, child in self._entries(node, path)}
        if isinstance(node, SequenceNode):
            return [self.value(child, (*path, number)) for number, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _entries(self, node: MappingNode, path: Path) -> Iterator[tuple[str, Node]]:
        found: set[str] = set()
        for key, child in node.value:
            name = str(key.value) if isinstance(key, ScalarNode) else ""
            if not name:
                self._complain(key, path, "has a key that is no name; write name: value")
            elif name in found:
                self._complain_at(_place(key, key), (*path, name), "is there twice; keep one of them")
            else:
                found.add(name)
                self.places[(*path, name)] = _place(key, child)
                yield name, child

    def _scalar(self, node: Node, path: Path) -> Any:  # noqa: ANN401 - any YAML scalar
        kind = _kind(node)
        if kind == "null":
            self._complain(node, path, "is empty; give it a value or remove the line")
            return None
        if kind == "bool":
            return node.value.lower() == "true"
        return _number(node.value, kind) if kind in _KINDS else str(node.value)

    def _complain(self, node: Node, path: Path, sentence: str) -> None:
        self._complain_at(self.places.get(path) or _place(node, node), path, sentence)

    def _complain_at(self, place: Place, path: Path, sentence: str) -> None:
        subject = path_text(path) or "the text"
        self.problems.append(Problem(place.line, place.column, path_text(path), f"{subject} {sentence}"))


def _number(written: str, kind: str) -> float | int | str:
    digits = written.replace("_", "")
    try:
        return (
            int(digits, 0 if digits.lstrip("+-").startswith(("0x", "0o", "0b")) else 10)
            if kind == "int"
            else float(digits)
        )
    except ValueError:  # .inf and .nan are floats in YAML, spelled differently in Python
        return written


def _kind(node: Node) -> str:
    return str(node.tag).rpartition(":")[2]


def _is_empty(node: Node | None) -> bool:
    return node is None or (isinstance(node, ScalarNode) and _kind(node) == "null")


def _place(node: Node, value: Node) -> Place:
    written = str(value.value) if isinstance(value, ScalarNode) else ""
    return Place(_line(node), node.start_mark.column + 1, written)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1


def _broken(line: int, column: int, sentence: str) -> Document:
    return Document(None, {}, (Problem(line, column, "", sentence),))


def _bad_syntax(error: Exception) -> Document:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if isinstance(error, MarkedYAMLError) and mark is not None:
        said = " ".join(str(error.problem or error.context).split())
        return _broken(mark.line + 1, mark.column + 1, f"this is not YAML: {said}; {_advice(said)}")
    said = " ".join(str(error).split())[:200]
    return _broken(1, 1, f"this is not YAML: {said}; {_advice(said)}")


def _advice(said: str) -> str:
    if "'\\t'" in said:
        return "indent with spaces instead of tabs"
    if "mapping values" in said:
        return "check the indentation, and put text that holds ': ' in quotes"
    return "check the indentation, brackets and quotes there"
