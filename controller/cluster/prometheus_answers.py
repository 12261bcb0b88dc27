"""What Prometheus answers, as far as it is read: anything else is no answer of Prometheus.

Read out of the bytes in one go: the rules of a thousand monitors are 27 MB, most of it of no use here.
"""

from __future__ import annotations

from typing import Annotated, Final, NotRequired, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

# Before Python 3.12 pydantic does not accept the one of the standard library.
from typing_extensions import TypedDict

Answer = TypeVar("Answer")


class Rule(TypedDict):
    """A rule that is loaded; recording rules have no labels of their own."""

    query: NotRequired[str | None]
    labels: NotRequired[dict[str, str] | None]
    error: NotRequired[Annotated[str | None, Field(alias="lastError")]]


class Group(TypedDict):
    """A rule group."""

    name: str
    rules: list[Rule] | None


class Groups(TypedDict):
    """Rule groups, and where the next ones begin. Go writes an empty list as null."""

    groups: list[Group] | None
    next: NotRequired[Annotated[str | None, Field(alias="groupNextToken")]]


class Series(TypedDict):
    """A series with its value at one moment."""

    metric: dict[str, str]
    value: tuple[float, Annotated[float, Field(allow_inf_nan=False)]]


class Vector(TypedDict):
    """What a query gives."""

    result: list[Series] | None


class OfRules(TypedDict):
    """The answer of /api/v1/rules."""

    data: Groups


class OfQuery(TypedDict):
    """The answer of /api/v1/query."""

    data: Vector


RULES: Final = TypeAdapter(OfRules)
QUERY: Final = TypeAdapter(OfQuery)


class NoAnswer(Exception):
    """Something else than Prometheus listens at the address."""


def parse(shape: TypeAdapter[Answer], text: bytes) -> Answer:
    """The answer in a body.

    Raises:
        NoAnswer: it is of another shape.
    """
    try:
        return shape.validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise NoAnswer(f"{where}: {first['msg']}" if where else first["msg"]) from None
