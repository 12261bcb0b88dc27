"""The schema of a chart's values from the values themselves: their keys and kinds, and `# @schema` comments.

A key that values.yaml does not have is refused with its path, so that a misspelt one is not ignored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from ruamel.yaml import YAML

Json = dict[str, Any]
# What Kubernetes, the cluster or the user defines, and maps that users fill.
_OPEN: Final = {
    "affinity",
    "annotations",
    "commonLabels",
    "issuerRef",
    "labels",
    "nodeSelector",
    "parameters",
    "podAnnotations",
    "podLabels",
    "podSecurityContext",
    "resources",
    "securityContext",
}
_NOTE: Final = re.compile(r"^\s*# @schema (\{.*\})\s*$")
_KEY: Final = re.compile(r"^(\s*)([\w-]+):")


def schema(values: str, *, title: str) -> Json:
    """The JSON Schema of a values.yaml.

    Args:
        values: its text.
        title: of the schema.
    """
    defaults = YAML(typ="safe").load(values)
    charts = set(defaults) & {"modelmonitor", "monitoring-stack", "sentiment-predictor"}
    root = _object(defaults, _notes(values), path=(), open_keys=_OPEN | charts)
    # Helm hands global of all charts to each, and `enabled` where the chart is a dependency.
    root["properties"] |= {"enabled": {"type": "boolean"}, "global": {"type": "object"}}
    return {"$schema": "http://json-schema.org/draft-07/schema#", "title": title, **root}


def _object(
    defaults: Mapping[str, Any],
    notes: Mapping[tuple[str, ...], Json],
    *,
    path: tuple[str, ...],
    open_keys: set[str],
) -> Json:
    properties = {
        key: _value(value, notes, path=(*path, key), open_keys=open_keys) for key, value in defaults.items()
    }
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _value(
    default: object, notes: Mapping[tuple[str, ...], Json], *, path: tuple[str, ...], open_keys: set[str]
) -> Json:
    if isinstance(default, Mapping) and path[-1] not in open_keys:
        return _object(default, notes, path=path, open_keys=open_keys)
    kinds: list[tuple[type, str]] = [
        (bool, "boolean"),
        (int, "integer"),
        (str, "string"),
        (list, "array"),
        (Mapping, "object"),
    ]
    kind = next(name for each, name in kinds if isinstance(default, each))
    return {"type": kind, **notes.get(path, {})}


def _notes(values: str) -> dict[tuple[str, ...], Json]:
    """What the comments say, by the path of the key below them."""
    found: dict[tuple[str, ...], Json] = {}
    path: list[tuple[int, str]] = []
    waiting: Json = {}
    for line in values.splitlines():
        if note := _NOTE.match(line):
            waiting = json.loads(note[1])
        elif key := _KEY.match(line):
            path = [each for each in path if each[0] < len(key[1])] + [(len(key[1]), key[2])]
            if waiting:
                found[tuple(name for _, name in path)] = waiting
            waiting = {}
    return found
