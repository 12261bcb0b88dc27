"""Read an InferenceService: how KServe runs it, where its traffic goes, and whose logger it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from controller.observation import LoggerFact, ServingFacts, TrafficShare
from modelmonitor.api.field_managers import CAPTURE_PREFIX

# The second names are those of KServe before 0.16.
_KNATIVE: Final = ("Knative", "Serverless")
_MODE_ANNOTATION: Final = "serving.kserve.io/deploymentMode"


def serving_facts(service: Mapping[str, Any]) -> ServingFacts:
    """What an InferenceService says of itself."""
    status = service.get("status") or {}
    return ServingFacts(
        uid=str(service["metadata"].get("uid", "")),
        knative=_mode(service) in _KNATIVE,
        ready=_holds("Ready", status),
        stopped=_holds("Stopped", status),
        traffic=tuple(_traffic(status)),
        logger=_logger(service),
    )


def captors(metadata: Mapping[str, Any]) -> frozenset[str]:
    """Names of the monitors by whose field managers the logger of an InferenceService is held."""
    managers = _managers(metadata, "f:logger")
    return frozenset(
        name.removeprefix(CAPTURE_PREFIX) for name in managers if name.startswith(CAPTURE_PREFIX)
    )


def owns_logger(entry: Mapping[str, Any]) -> bool:
    """Whether an entry of an InferenceService's managedFields is of its predictor's logger."""
    return "f:logger" in _fields(entry, "f:spec", "f:predictor")


def _mode(service: Mapping[str, Any]) -> str:
    # The status has it since 0.16; before, an annotation did where it was not the default, Knative.
    annotated = (service["metadata"].get("annotations") or {}).get(_MODE_ANNOTATION, "")
    return str((service.get("status") or {}).get("deploymentMode") or annotated)


def _holds(condition: str, status: Mapping[str, Any]) -> bool:
    conditions = status.get("conditions") or []
    return any(each.get("type") == condition and each.get("status") == "True" for each in conditions)


def _traffic(status: Mapping[str, Any]) -> Iterator[TrafficShare]:
    predictor = (status.get("components") or {}).get("predictor") or {}
    for share in predictor.get("traffic") or []:
        if share.get("revisionName") and share.get("percent"):
            yield TrafficShare(str(share["revisionName"]), int(share["percent"]))


def _logger(service: Mapping[str, Any]) -> LoggerFact | None:
    predictor = (service.get("spec") or {}).get("predictor") or {}
    logger = predictor.get("logger")
    if logger is None:
        return None
    metadata = service["metadata"]
    return LoggerFact(
        str(logger.get("url", "")),
        _managers(metadata, "f:logger"),
        addressed_by=_managers(metadata, "f:logger", "f:url"),
        mode=str(logger.get("mode", "")),
    )


def _managers(metadata: Mapping[str, Any], *path: str) -> frozenset[str]:
    *parents, field = path
    return frozenset(
        str(entry.get("manager", ""))
        for entry in metadata.get("managedFields") or []
        if field in _fields(entry, "f:spec", "f:predictor", *parents)
    )


def _fields(entry: Mapping[str, Any], *path: str) -> Mapping[str, Any]:
    fields: Mapping[str, Any] = entry.get("fieldsV1") or {}
    for part in path:
        fields = fields.get(part) or {}
    return fields
