"""From the text of a YAML file to a ModelMonitor, or to sentences that name line, field and fix."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from modelmonitor.api.problems import InvalidMonitor, Path, Problem, path_text
from modelmonitor.api.schema_tree import Schema, schema_tree
from modelmonitor.api.v1alpha1 import API_VERSION, KIND, ModelMonitor
from modelmonitor.api.wording import sentence
from modelmonitor.api.yaml_document import Document, Place, read_document

__all__ = ["InvalidMonitor", "Problem", "load_monitor"]


def load_monitor(text: str, *, source: str) -> ModelMonitor:
    """The ModelMonitor that a YAML (or JSON) text holds, with every default filled in.

    What is accepted here is accepted by the API server, and the other way round.

    Args:
        text: the content of the file.
        source: how to name it to the user, such as the file's path.

    Raises:
        InvalidMonitor: with every mistake found, each with its line and its fix.
    """
    document = read_document(text)
    problems = document.problems or _wrong_kind(document)
    if problems:
        raise InvalidMonitor(problems, source=source)
    try:
        return ModelMonitor.model_validate(document.value, by_alias=True, by_name=False)
    except ValidationError as error:
        found = [_problem(detail, document.places) for detail in error.errors(include_url=False)]
        raise InvalidMonitor(found, source=source) from None


def _wrong_kind(document: Document) -> tuple[Problem, ...]:
    if not isinstance(document.value, Mapping):
        return (
            Problem(1, 1, "", f"the text must be a mapping of fields; begin with apiVersion: {API_VERSION}"),
        )
    wanted = {"apiVersion": API_VERSION, "kind": KIND}
    return tuple(
        _at((name,), f"{name} must be {right}; write {name}: {right}", places=document.places)
        for name, right in wanted.items()
        if document.value.get(name) != right
    )


def _problem(error: ErrorDetails, places: Mapping[Path, Place]) -> Problem:
    path: Path = tuple(error["loc"])
    place = places.get(path)
    return _at(path, sentence(error, tree=_tree(), written=place.written if place else ""), places=places)


def _at(path: Path, message: str, *, places: Mapping[Path, Place]) -> Problem:
    nearest = next(path[:length] for length in range(len(path), -1, -1) if path[:length] in places)
    place = places[nearest]
    return Problem(place.line, place.column, path_text(path), message)


@cache
def _tree() -> Schema:
    return schema_tree(ModelMonitor)
