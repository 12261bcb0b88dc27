"""Text that must match a pattern: one regular expression and one sentence for pydantic, CRD and editors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from modelmonitor.api.base import broken


@dataclass(frozen=True, slots=True)
class Matching:
    """Marks text as matching `pattern` from end to end.

    Attributes:
        pattern: anchored regular expression in the syntax that RE2, ECMAScript and Python share.
        message: one sentence that says what to write, with an example; for command line and API server.
        max_length: longest text, in characters.
        or_integer: an integer is accepted too, as Kubernetes does for quantities.
    """

    pattern: str
    message: str
    max_length: int
    or_integer: bool = False

    def __get_pydantic_core_schema__(self, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic validates it."""
        text = core_schema.str_schema(strict=True, max_length=self.max_length)
        inner = core_schema.no_info_plain_validator_function(integer_or_text) if self.or_integer else text
        return core_schema.no_info_after_validator_function(self._match, inner)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """How the CRD and editors see it."""
        if self.or_integer:
            matches = f"type(self) == int ? int(self) >= 0 : string(self).matches({cel_text(self.pattern)})"
            base: Mapping[str, Any] = {"x-kubernetes-int-or-string": True, "maxLength": self.max_length}
        else:
            matches = f"self.matches({cel_text(self.pattern)})"
            base = {"type": "string", "maxLength": self.max_length, "pattern": self.pattern}
        return {**base, "x-kubernetes-validations": [{"rule": matches, "message": self.message}]}

    def _match(self, value: int | str) -> int | str:
        right = value >= 0 if isinstance(value, int) else re.fullmatch(self.pattern, value) is not None
        if not right:
            raise broken(self.message)
        return value


def integer_or_text(value: object) -> int | str:
    """The value itself if it is an integer or text; True and 1.0 are neither."""
    if isinstance(value, str) or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise PydanticCustomError("int_or_string_type", "Input should be an integer or text")


def cel_text(value: str) -> str:
    """`value` as a CEL raw string literal."""
    return f"r'{value}'"
