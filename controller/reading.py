"""A ModelMonitor as the cluster holds it, read so that no mistake in it stops the operator."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from modelmonitor.api.base import ApiModel
from modelmonitor.api.conditions import Condition
from modelmonitor.api.history import TimetableStatus, Training
from modelmonitor.api.load import InvalidMonitor, load_monitor
from modelmonitor.api.status import CheckStatus, ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.schedules import longest_gap

Part = TypeVar("Part", bound=ApiModel)

_LISTS: Final[Mapping[str, type[ApiModel]]] = {
    "conditions": Condition,
    "checks": CheckStatus,
    "timetables": TimetableStatus,
    "trainings": Training,
}
_SINGLE: Final = (
    frozenset(str(each.alias) for each in ModelMonitorStatus.model_fields.values()) - _LISTS.keys()
)
_METADATA: Final = ("name", "namespace", "labels", "annotations", "uid", "generation", "creationTimestamp")


@dataclass(frozen=True, slots=True)
class Reading:
    """What an object holds.

    Attributes:
        monitor: without its status; None if the spec is not valid.
        problems: what is wrong with the spec, each a sentence with field and fix.
        status: as far as it can be read.
        generation: of the spec.
    """

    monitor: ModelMonitor | None
    problems: tuple[str, ...]
    status: ModelMonitorStatus
    generation: int | None


def read(body: Mapping[str, Any]) -> Reading:
    """The monitor in an object of the API server."""
    status = _status(body.get("status"))
    generation = body["metadata"].get("generation")
    document = _document(body)
    try:
        monitor = ModelMonitor.model_validate(document, by_alias=True, by_name=False)
    except ValidationError as error:
        return Reading(None, _sentences(document, error), status, generation)
    problems = _refused(monitor)
    return Reading(None if problems else monitor, problems, status, generation)


def _document(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: body["metadata"][name] for name in _METADATA if name in body["metadata"]}
    head = {name: body.get(name) for name in ("apiVersion", "kind")}
    return {**head, "metadata": metadata, "spec": body.get("spec")}


def _sentences(document: Mapping[str, Any], error: ValidationError) -> tuple[str, ...]:
    # The loader's sentences name field and fix; it wants text, to tell people the line too.
    try:
        load_monitor(json.dumps(document), source="object")
    except InvalidMonitor as invalid:
        return tuple(f"{problem.message}." for problem in invalid.problems)
    return (str(error),)


def _refused(monitor: ModelMonitor) -> tuple[str, ...]:
    return tuple(_impossible_schedules(monitor))


def _impossible_schedules(monitor: ModelMonitor) -> Iterator[str]:
    schedules = {f"checks[{number}]": check.schedule for number, check in enumerate(monitor.spec.checks)}
    for field, schedule in {**schedules, "report": monitor.spec.report.schedule}.items():
        try:
            longest_gap(schedule)
        except ValueError:
            yield f"spec.{field}.schedule: {schedule!r} never fires; correct it."


def _status(found: Any) -> ModelMonitorStatus:  # noqa: ANN401 - whatever another CRD let through
    # Written by another version of operator or job, parts may not be readable: then they count as missing.
    if not isinstance(found, Mapping):
        return ModelMonitorStatus()
    known = {name: found[name] for name in found if name in _SINGLE}
    try:
        status = ModelMonitorStatus.model_validate(known, by_alias=True, by_name=False)
    except ValidationError:
        status = ModelMonitorStatus()
    parts = {name: _readable(model, found.get(name)) for name, model in _LISTS.items()}
    return status.model_copy(update=parts)


def _readable(model: type[Part], found: Any) -> tuple[Part, ...]:  # noqa: ANN401 - see above
    parts: list[Part] = []
    for each in found if isinstance(found, list) else ():
        try:
            parts.append(model.model_validate(each, by_alias=True, by_name=False))
        except ValidationError:
            continue
    return tuple(parts)
