"""The schema of the resource as one tree without references, and its two forms: for editors and for the CRD.

pydantic emits JSON Schema with `$defs`; a CRD must be structural (no references, no `anyOf` with null, no
`additionalProperties: false`), see "Specifying a structural schema" in the Kubernetes documentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import BaseModel

Schema = dict[str, Any]

KNOWN_KEYWORDS: Final = frozenset(
    {
        "additionalProperties", "default", "description", "enum", "format", "items", "maxItems", "maxLength",
        "maxProperties", "maximum", "minItems", "minLength", "minimum", "pattern", "properties", "required",
        "title", "type", "x-kubernetes-int-or-string", "x-kubernetes-list-map-keys", "x-kubernetes-list-type",
        "x-kubernetes-validations",
    }
)  # fmt: skip


class NotStructural(ValueError):
    """Express the field of the model differently: its schema cannot be part of a CRD."""


def schema_tree(model: type[BaseModel]) -> Schema:
    """The schema of a model: references replaced by what they refer to, `X or null` by an optional `X`.

    Raises:
        NotStructural: a field needs a keyword that CRDs do not have, such as a union of two types.
    """
    schema = model.model_json_schema(by_alias=True)
    return _inline(schema, definitions=schema.pop("$defs", {}))


def for_editors(tree: Schema) -> Schema:
    """The tree as JSON Schema (draft 7) for editors: patterns with their messages, unknown fields refused."""
    return _each(tree, _editor_node)


def for_crd(tree: Schema) -> Schema:
    """The tree as structural schema: a rule with a message stands where a bare pattern would."""
    return _each(tree, _crd_node)


def _inline(node: Schema, *, definitions: Mapping[str, Schema]) -> Schema:
    if "anyOf" in node:
        return _inline(_without_null(node), definitions=definitions)
    if "$ref" in node:
        beside = {name: value for name, value in node.items() if name != "$ref"}
        return _inline({**definitions[node["$ref"].rpartition("/")[2]], **beside}, definitions=definitions)
    if "const" in node:
        node = {**{name: value for name, value in node.items() if name != "const"}, "enum": [node["const"]]}
    if node.get("default", ...) is None:
        node = {name: value for name, value in node.items() if name != "default"}
    if "description" in node:
        node = {**node, "description": " ".join(node["description"].split())}
    unknown = set(node) - KNOWN_KEYWORDS
    if unknown:
        msg = f"{node.get('title', 'a field')} uses {', '.join(sorted(unknown))}, which no CRD can express"
        raise NotStructural(msg)
    return _each_child(node, lambda child: _inline(child, definitions=definitions))


def _without_null(node: Schema) -> Schema:
    choices = [choice for choice in node["anyOf"] if choice != {"type": "null"}]
    if len(choices) != 1:
        msg = f"{node.get('title', 'a field')} is one of several types, which no CRD can express"
        raise NotStructural(msg)
    beside = {name: value for name, value in node.items() if name != "anyOf"}
    return {**choices[0], **beside}


def _each(node: Schema, change: Callable[[Schema], Schema]) -> Schema:
    return _each_child(change(node), lambda child: _each(child, change))


def _each_child(node: Schema, change: Callable[[Schema], Schema]) -> Schema:
    changed = dict(node)
    if "properties" in node:
        changed["properties"] = {name: change(child) for name, child in node["properties"].items()}
    if "items" in node:
        changed["items"] = change(node["items"])
    if isinstance(node.get("additionalProperties"), dict):
        changed["additionalProperties"] = change(node["additionalProperties"])
    return changed


def _editor_node(node: Schema) -> Schema:
    kept = {
        name: value for name, value in node.items() if name != "title" and not name.startswith("x-kubernetes")
    }
    if "x-kubernetes-int-or-string" in node:
        kept["type"] = ["integer", "string"]
    if "pattern" in kept and "x-kubernetes-validations" in node:
        kept["patternErrorMessage"] = node["x-kubernetes-validations"][0]["message"]
    return _without_nulls_in_default(kept)


def _crd_node(node: Schema) -> Schema:
    dropped = {"title"}
    if node.get("additionalProperties") is False or node.get("additionalProperties") is True:
        dropped.add("additionalProperties")
    if "x-kubernetes-validations" in node:
        dropped.add("pattern")
    return _without_nulls_in_default({name: value for name, value in node.items() if name not in dropped})


def _without_nulls_in_default(node: Schema) -> Schema:
    return {**node, "default": _without_nulls(node["default"])} if "default" in node else node


def _without_nulls(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(item) for item in value]
    return value
