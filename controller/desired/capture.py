"""KServe's logger for a monitor that asks for it: set where the slot is free, never taken from others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from controller.manifest import INFERENCE_SERVICE, ObjectKey
from controller.observation import LoggerFact, TargetFacts
from modelmonitor.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition_of
from modelmonitor.api.field_managers import CAPTURE_PREFIX, capture_manager
from modelmonitor.api.v1alpha1 import ModelMonitor


@dataclass(frozen=True, slots=True)
class Capture:
    """What to do about the logger.

    Attributes:
        condition: what people are told; None for a monitor that asks for no logger.
        wanted: the InferenceService whose logger the monitor holds or should hold; None for none.
        manifest: what to apply to it; None if nothing needs to be sent.
    """

    condition: Condition | None
    wanted: str | None = None
    manifest: dict[str, Any] | None = None


def capture(monitor: ModelMonitor, target: TargetFacts, *, collector_url: str) -> Capture:
    """Whether the logger is set, and what to send otherwise.

    Args:
        monitor: the monitor.
        target: what is known of its InferenceService.
        collector_url: where the logger sends predictions; empty where the operator is not told.
    """
    name = monitor.spec.target.inference_service
    if monitor.spec.target.capture != "logger" or name is None:
        return Capture(None)
    if not collector_url:
        sentence = "The operator has no address of the collector: set MM_OPERATOR_COLLECTOR_URL."
        return Capture(_condition("False", Reason.COLLECTOR_UNKNOWN, sentence), name)
    if target.serving is None:
        missing = target.obstacle or f"InferenceService {name} is not there."
        return Capture(_condition("False", Reason.TARGET_NOT_FOUND, missing), name)
    return _with_slot(monitor, target.serving.logger, uid=target.serving.uid, collector_url=collector_url)


def refused(logger_url: str, why: str) -> Condition:
    """What is told where somebody else's logger is in the slot.

    Args:
        logger_url: where that logger sends predictions; empty if not known.
        why: more about it, a sentence.
    """
    whose = f"sends to {logger_url}" if logger_url else "was set meanwhile"
    sentence = (
        f"The InferenceService has a logger already, which {whose}; it is left as it is. {why} "
        "Remove it, or have its receiver forward the events to the collector and set "
        "spec.target.capture: none."
    )
    return _condition("False", Reason.LOGGER_TAKEN, " ".join(sentence.split()))


def not_allowed(sentence: str) -> Condition:
    """What is told where the API server refuses the logger."""
    return _condition("False", Reason.APPLY_FAILED, sentence)


def left_behind(service: ObjectKey, *, uid: str, logger: LoggerFact | None) -> dict[str, Any] | None:
    """What of a logger must outlast the monitors that set it; None for nothing.

    Where somebody else gave it another address, it is theirs, and KServe refuses a logger without a mode.

    Args:
        service: the InferenceService.
        uid: its identity.
        logger: its logger.
    """
    if logger is None or not logger.mode or not _readdressed(logger):
        return None
    return _logger(service, uid=uid, logger={"mode": logger.mode})


def _readdressed(logger: LoggerFact) -> bool:
    return bool(logger.addressed_by) and not any(
        each.startswith(CAPTURE_PREFIX) for each in logger.addressed_by
    )


def _with_slot(monitor: ModelMonitor, logger: LoggerFact | None, *, uid: str, collector_url: str) -> Capture:
    name = monitor.spec.target.inference_service or ""
    own = capture_manager(monitor.metadata.name)
    service = ObjectKey(monitor.namespace, name)
    manifest = _logger(service, uid=uid, logger={"mode": "all", "url": collector_url})
    done = _condition("True", Reason.LOGGER_SET, f"KServe's logger sends predictions to {collector_url}.")
    if logger is None:
        return Capture(done, name, manifest)
    if logger.url == collector_url and own in logger.managers:
        return Capture(done, name)
    if _readdressed(logger):
        return Capture(refused(logger.url, ""))
    if own in logger.managers or any(each.startswith(CAPTURE_PREFIX) for each in logger.managers):
        # Another monitor's: held together, the logger stays until the last of them lets go.
        return Capture(done, name, manifest)
    if logger.url == collector_url:
        sentence = f"The InferenceService has a logger of its own, which sends to {collector_url} already."
        return Capture(_condition("True", Reason.LOGGER_THERE, sentence))
    return Capture(refused(logger.url, ""))


def _logger(service: ObjectKey, *, uid: str, logger: dict[str, str]) -> dict[str, Any]:
    metadata = {
        "name": service.name,
        "namespace": service.namespace,
        # Without the uid an apply would make an InferenceService that was deleted meanwhile.
        "uid": uid,
    }
    return {
        "apiVersion": INFERENCE_SERVICE.api_version,
        "kind": INFERENCE_SERVICE.name,
        "metadata": metadata,
        "spec": {"predictor": {"logger": logger}},
    }


def _condition(status: ConditionStatus, reason: Reason, message: str) -> Condition:
    return condition_of(ConditionType.CAPTURE_READY, status, reason, message)
