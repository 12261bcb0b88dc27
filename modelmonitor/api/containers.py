"""Lists and maps of the spec: items told apart by key, sizes bounded.

Without bounds the API server cannot tell what its rules cost at most, and refuses the CRD.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from modelmonitor.api.base import broken
from modelmonitor.api.text import cel_text


@dataclass(frozen=True, slots=True)
class KeyedBy:
    """Marks a list whose items are told apart by some fields, which server-side apply needs to merge them.

    Attributes:
        keys: names of the fields in YAML; none for a list of plain values, which are their own keys.
        max_items: longest list.
    """

    keys: tuple[str, ...]
    max_items: int = 16

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic validates it: too many items and two with the same key are refused."""
        return core_schema.no_info_after_validator_function(self._unique, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """How the API server sees it, which then refuses the same."""
        kind = {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(self.keys)}
        return {
            **handler(schema),
            "maxItems": self.max_items,
            **(kind if self.keys else {"x-kubernetes-list-type": "set"}),
        }

    def _unique(self, items: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(items) > self.max_items:
            raise broken(f"must have at most {self.max_items} items")
        keys = [self._key(item) for item in items]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                raise broken(f"Duplicate value: {' '.join(key)} is there twice")
        return items

    def _key(self, item: Any) -> tuple[str, ...]:  # noqa: ANN401 - items of any list
        if not self.keys:
            return (str(item),)
        values = item.to_manifest()
        return tuple(str(values.get(name, "")) for name in self.keys)


@dataclass(frozen=True, slots=True)
class KeysMatching:
    """Marks a map whose keys match `pattern` from end to end.

    Attributes:
        pattern: anchored regular expression.
        message: one sentence that says what a key looks like.
        max_entries: largest map.
    """

    pattern: str
    message: str
    max_entries: int = 16

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic validates it."""
        return core_schema.no_info_after_validator_function(self._match, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """How the API server sees it: a structural schema has no patterns for keys, so a rule."""
        rule = f"self.all(key, key.matches({cel_text(self.pattern)}))"
        return {
            **handler(schema),
            "maxProperties": self.max_entries,
            "x-kubernetes-validations": [{"rule": rule, "message": self.message}],
        }

    def _match(self, entries: Mapping[str, Any]) -> Mapping[str, Any]:
        if len(entries) > self.max_entries:
            raise broken(f"must have at most {self.max_entries} items")
        if any(re.fullmatch(self.pattern, key) is None for key in entries):
            raise broken(self.message)
        return entries
