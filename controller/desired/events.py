"""Events that tell people of a change: one when a condition flips, not one a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from controller.manifest import EVENT, MONITOR, ObjectKey
from modelmonitor.api.conditions import Condition, ConditionType, Reason, find_condition

REPORTER: Final = "modelmonitor.io/operator"
_NOTE_LIMIT: Final = 1024
_NAME_LIMIT: Final = 200
# A status of these is a fault; of Ready and TargetReachable it is their absence.
_FAULT_STATUS: Final = {
    ConditionType.READY: "False",
    ConditionType.TARGET_REACHABLE: "False",
    ConditionType.DRIFT_DETECTED: "True",
    ConditionType.DEGRADED: "True",
    ConditionType.RETRAIN_RECOMMENDED: "True",
    ConditionType.CAPTURE_READY: "False",
}
# Steps of these are told one by one: each is a thing that happened.
_STEPS: Final = frozenset({ConditionType.RETRAIN_TRIGGERED})
_BAD_STEPS: Final = frozenset({Reason.TRAINING_FAILED, Reason.TRAINING_NOT_STARTED})


def flips(before: Sequence[Condition], after: Sequence[Condition]) -> tuple[Condition, ...]:
    """Conditions that became a fault or ceased to be one, and steps of a retraining."""
    return tuple(
        condition for condition in after if _flipped(find_condition(before, condition.type), condition)
    )


def event(
    key: ObjectKey, condition: Condition, *, uid: str, before: Sequence[Condition], now: datetime
) -> dict[str, Any]:
    """The Event of a flip; a reconcile that is repeated after a failure makes one of the same name.

    Args:
        key: the monitor that it is about.
        condition: what holds now.
        uid: of the monitor.
        before: conditions until now.
        now: the present, UTC.
    """
    fault = _is_fault(condition)
    name = _name(key, uid, condition, before=find_condition(before, condition.type))
    return {
        "apiVersion": EVENT.api_version,
        "kind": EVENT.name,
        "metadata": {"name": name, "namespace": key.namespace},
        "eventTime": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": REPORTER,
        "reportingInstance": "modelmonitor-operator",
        "action": "Reconcile",
        "type": "Warning" if fault else "Normal",
        "reason": str(condition.reason),
        "note": f"{condition.type} is {condition.status}: {condition.message}"[:_NOTE_LIMIT],
        "regarding": {
            "apiVersion": MONITOR.api_version,
            "kind": MONITOR.name,
            "namespace": key.namespace,
            "name": key.name,
            "uid": uid,
        },
    }


def _is_fault(condition: Condition) -> bool:
    if condition.type in _STEPS:
        return condition.reason in _BAD_STEPS
    return _FAULT_STATUS[condition.type] == condition.status


def _flipped(before: Condition | None, after: Condition) -> bool:
    if after.type in _STEPS:
        quiet = before is None and after.reason is Reason.NOT_NEEDED
        return not quiet and (before is None or before.reason != after.reason)
    fault = _FAULT_STATUS.get(after.type)
    was = before is not None and before.status == fault
    return fault is not None and was != (after.status == fault)


def _name(key: ObjectKey, uid: str, condition: Condition, *, before: Condition | None) -> str:
    if condition.type in _STEPS:
        # A step names its trigger: it is told once, however often it is seen.
        occasion = f"{condition.reason}/{condition.message}"
    else:
        since = before.last_transition_time if before is not None else None
        occasion = f"{condition.status}/{since}"
    told = f"{uid}/{condition.type}/{occasion}"
    return f"{key.name[:_NAME_LIMIT]}.{sha256(told.encode()).hexdigest()[:16]}"
