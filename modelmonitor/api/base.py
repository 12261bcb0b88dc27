"""What all parts of the resource share: immutable, camelCase, unknown fields refused, rules stated once.

A rule is written in Python and in CEL beside it, with one message: pydantic enforces it for the command
line, the API server for `kubectl apply`, and a test feeds both the same examples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

BROKEN_RULE = "broken_rule"


@dataclass(frozen=True, slots=True)
class Rule:
    """A constraint over several fields of one object.

    Attributes:
        message: one sentence that names what is wrong and what to write instead.
        cel: the constraint in the Common Expression Language; `self` is the object.
        holds: the same constraint in Python, of the parsed object.
    """

    message: str
    cel: str
    holds: Callable[[Any], bool]


def broken(sentence: str) -> PydanticCustomError:
    """The error for a value that breaks a rule, told to the user as `sentence`."""
    # As a context value, because pydantic reads braces in a template.
    return PydanticCustomError(BROKEN_RULE, "{sentence}", {"sentence": sentence})


def _state_rules(schema: dict[str, Any], model: type[BaseModel]) -> None:
    rules: tuple[Rule, ...] = getattr(model, "rules", ())
    if rules:
        schema["x-kubernetes-validations"] = [{"rule": rule.cel, "message": rule.message} for rule in rules]


class ApiModel(BaseModel):
    """A part of the resource. Attributes are snake_case, YAML and JSON are camelCase."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        populate_by_name=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
        json_schema_extra=_state_rules,
    )
    rules: ClassVar[tuple[Rule, ...]] = ()

    @model_validator(mode="after")
    def _keep_rules(self) -> Self:
        sentences = [rule.message for rule in self.rules if not rule.holds(self)]
        if sentences:
            raise broken("; ".join(sentences))
        return self

    def to_manifest(self) -> dict[str, Any]:
        """The object as plain JSON types with camelCase keys; fields without a value are left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


def exactly_one(*fields: str, attributes: tuple[str, ...], message: str) -> Rule:
    """The rule that one of some optional fields is given, and no other of them.

    Args:
        *fields: names of the fields in YAML.
        attributes: names of the same fields in Python.
        message: the sentence for the user.
    """
    given = ", ".join(f"has(self.{field})" for field in fields)
    return Rule(
        message=message,
        cel=f"[{given}].filter(is_given, is_given).size() == 1",
        holds=lambda model: sum(getattr(model, name) is not None for name in attributes) == 1,
    )
