"""Sentences for what pydantic finds wrong: the field, what it should be, and the nearest right name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic_core import ErrorDetails

from modelmonitor.api.base import BROKEN_RULE
from modelmonitor.api.problems import Path, path_text
from modelmonitor.api.schema_tree import Schema

Sentence = Callable[[str, Mapping[str, Any]], str]

_SENTENCES: Final[Mapping[str, Sentence]] = {
    BROKEN_RULE: lambda field, context: f"{field}: {context['sentence']}",
    "int_type": lambda field, _: f"{field} must be a whole number, without quotes and decimals",
    "bool_type": lambda field, _: f"{field} must be true or false, without quotes",
    "tuple_type": lambda field, _: f"{field} must be a list: begin each item with '- '",
    "too_long": lambda field, context: f"{field} must have at most {context['max_length']} items",
    "string_too_long": lambda field, context: (
        f"{field} may not be longer than {context['max_length']} characters"
    ),
    "greater_than_equal": lambda field, context: (
        f"{field} should be greater than or equal to {context['ge']}"
    ),
    "less_than_equal": lambda field, context: f"{field} should be less than or equal to {context['le']}",
}
_MAPPING_WANTED: Final = frozenset({"model_type", "model_attributes_type", "dict_type", "mapping_type"})
_TEXT_WANTED: Final = frozenset({"string_type", "int_or_string_type"})


def sentence(error: ErrorDetails, *, tree: Schema, written: str) -> str:
    """One sentence for the user.

    Args:
        error: what pydantic found.
        tree: schema of the resource, from which names are suggested.
        written: the value as it stands in the text, empty if it is no single value.
    """
    path, kind = tuple(error["loc"]), error["type"]
    field = path_text(path) or "the text"
    if kind == "extra_forbidden":
        return _unknown(path, tree=tree)
    if kind == "missing":
        return f"{field} is missing; add {path[-1]} {_under(path[:-1])}"
    if kind == "literal_error":
        return _not_one_of(field, written or str(error["input"]), allowed=_node(path, tree).get("enum", ()))
    if kind in _TEXT_WANTED:
        return _text_wanted(field, written, node=_node(path, tree))
    if kind in _MAPPING_WANTED:
        return f"{field} must be a mapping of fields{_fields(_node(path, tree))}"
    worded = _SENTENCES.get(kind)
    return worded(field, error.get("ctx", {})) if worded else f"{field}: {error['msg']}"


def _unknown(path: Path, *, tree: Schema) -> str:
    field, name = path_text(path), str(path[-1])
    known = _node(path[:-1], tree).get("properties", {})
    nearest = _nearest(name, list(known))
    if nearest:
        return f"{field} is not a field; did you mean {nearest}?"
    elsewhere = sorted(
        path_text(found[:-1]) for found in _paths(tree) if found[-1] == name and len(found) > 1
    )
    if elsewhere:
        return f"{field} is not a field; did you mean {name} under {' or '.join(elsewhere[:3])}?"
    return f"{field} is not a field; the fields {_under(path[:-1])} are {', '.join(known)}"


def _not_one_of(field: str, value: str, *, allowed: Sequence[str]) -> str:
    nearest = _nearest(value, list(allowed))
    hint = f"; did you mean {nearest}?" if nearest and len(allowed) > 1 else ""
    return f"{field} '{value}' is not one of {', '.join(repr(choice) for choice in allowed)}{hint}"


def _text_wanted(field: str, written: str, *, node: Schema) -> str:
    rules = node.get("x-kubernetes-validations", ())
    if rules:
        return f"{field}: {rules[0]['message']}"
    return f'{field} must be text in quotes: "{written}"' if written else f"{field} must be text"


def _nearest(name: str, known: Sequence[str]) -> str | None:
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(name.lower().replace("_", ""), list(by_lower), n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None


def _under(path: Path) -> str:
    return f"under {path_text(path)}" if path else "at the top level"


def _fields(node: Schema) -> str:
    names = list(node.get("properties", {}))
    return f", such as {names[0]}: …" if names else ", such as name: value"


def _node(path: Path, tree: Schema) -> Schema:
    node = tree
    for part in path:
        inside = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
        fallback = node.get("additionalProperties")
        node = inside or (fallback if isinstance(fallback, dict) else {})
    return node


def _paths(node: Schema, path: Path = ()) -> Iterator[Path]:
    for name, child in node.get("properties", {}).items():
        if path == () and name != "spec":
            continue
        yield (*path, name)
        yield from _paths(child.get("items", child), (*path, name))
