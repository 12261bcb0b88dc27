"""Conditions: what is known about a monitor, in the form that `kubectl wait` and dashboards of clusters read.

Follows the Kubernetes API conventions: a list keyed by type, a reason in one word, a message for people, and
a transition time that moves only when the status flips.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, WithJsonSchema

from modelmonitor.api.base import ApiModel

ConditionStatus = Literal["True", "False", "Unknown"]


class ConditionType(StrEnum):
    """What a condition is about."""

    READY = "Ready"
    TARGET_REACHABLE = "TargetReachable"
    REFERENCE_READY = "ReferenceReady"
    RULES_LOADED = "RulesLoaded"
    DRIFT_DETECTED = "DriftDetected"
    DEGRADED = "Degraded"
    RETRAIN_RECOMMENDED = "RetrainRecommended"
    # Only where the spec asks for what they tell of.
    RETRAIN_TRIGGERED = "RetrainTriggered"
    CAPTURE_READY = "CaptureReady"
    DASHBOARDS_READY = "DashboardsReady"


class Reason(StrEnum):
    """Why a condition has its status."""

    NOT_YET_OBSERVED = "NotYetObserved"
    # Ready
    OBJECTS_APPLIED = "ObjectsApplied"
    APPLY_FAILED = "ApplyFailed"
    SUSPENDED = "Suspended"
    INVALID_SPEC = "InvalidSpec"
    CRD_OUTDATED = "CRDOutdated"
    # TargetReachable
    SCRAPE_SUCCEEDED = "ScrapeSucceeded"
    SCRAPE_FAILED = "ScrapeFailed"
    TARGET_NOT_FOUND = "TargetNotFound"
    ANOTHER_NAME_LOGGED = "AnotherNameLogged"
    SCALED_TO_ZERO = "ScaledToZero"
    # ReferenceReady
    REFERENCE_STORED = "ReferenceStored"
    REFERENCE_MISSING = "ReferenceMissing"
    REFERENCE_OUTDATED = "ReferenceOutdated"
    REFERENCE_CONTAMINATED = "ReferenceContaminated"
    # RulesLoaded
    RULES_APPLIED = "RulesApplied"
    RULES_REJECTED = "RulesRejected"
    PROMETHEUS_RULE_CRD_MISSING = "PrometheusRuleCRDMissing"
    # DriftDetected
    NO_DRIFT = "NoDrift"
    DATA_DRIFT = "DataDrift"
    CONCEPT_DRIFT = "ConceptDrift"
    PERFORMANCE_DRIFT = "PerformanceDrift"
    SEVERAL_DRIFTS = "SeveralDrifts"
    INCONCLUSIVE = "Inconclusive"
    # Degraded
    WITHIN_THRESHOLDS = "WithinThresholds"
    ABOVE_WARNING = "AboveWarning"
    ABOVE_CRITICAL = "AboveCritical"
    RUN_FAILED = "RunFailed"
    # RetrainRecommended
    NOT_NEEDED = "NotNeeded"
    CONFIDENCE_DECLINING = "ConfidenceDeclining"
    REPEATED_DRIFT = "RepeatedDrift"
    LOW_CONFIDENCE = "LowConfidence"
    NEW_PATTERNS = "NewPatterns"
    REQUESTED = "Requested"
    # RetrainTriggered
    AWAITING_APPROVAL = "AwaitingApproval"
    COOLING_DOWN = "CoolingDown"
    EVIDENCE_OLD = "EvidenceOld"
    TRAINING_NOT_STARTED = "TrainingNotStarted"
    TRAINING_STARTED = "TrainingStarted"
    TRAINING_SUCCEEDED = "TrainingSucceeded"
    TRAINING_FAILED = "TrainingFailed"
    # CaptureReady
    LOGGER_SET = "LoggerSet"
    LOGGER_THERE = "LoggerThere"
    LOGGER_TAKEN = "LoggerTaken"
    COLLECTOR_UNKNOWN = "CollectorUnknown"
    # DashboardsReady
    DASHBOARDS_APPLIED = "DashboardsApplied"
    GRAFANA_OFF = "GrafanaOff"


# The CRD names no values here: a server with last month's CRD must accept what this month's operator reports.
_ANY_WORD = WithJsonSchema(
    {
        "type": "string",
        "minLength": 1,
        "maxLength": 316,
        "pattern": r"^[A-Za-z]([A-Za-z0-9_.:/-]*[A-Za-z0-9])?$",
    }
)


_LONGEST_MESSAGE: Final = 32768
_CUT: Final = " … (there is more)"


class Condition(ApiModel):
    """One thing that is known about a monitor."""

    type: Annotated[ConditionType, _ANY_WORD]
    """What it is about."""

    status: ConditionStatus
    """Whether it holds."""

    reason: Annotated[Reason, _ANY_WORD]
    """Why, in one word."""

    message: Annotated[str, Field(max_length=_LONGEST_MESSAGE)] = ""
    """Why, in a sentence for people."""

    observed_generation: int | None = None
    """Generation of the spec that this was said of."""

    last_transition_time: datetime | None = None
    """When the status last changed, in UTC."""


def condition_of(kind: ConditionType, status: ConditionStatus, reason: Reason, message: str) -> Condition:
    """A condition as it is known now; a message that is longer than the API server takes is cut."""
    cut = len(message) > _LONGEST_MESSAGE
    told = message[: _LONGEST_MESSAGE - len(_CUT)] + _CUT if cut else message
    return Condition(type=kind, status=status, reason=reason, message=told)


def set_condition(
    conditions: Sequence[Condition], condition: Condition, *, now: datetime
) -> tuple[Condition, ...]:
    """The conditions with one of them set; its transition time moves only if its status differs from before.

    Args:
        conditions: the conditions so far, at most one of a type.
        condition: what is known now; its `last_transition_time` is ignored.
        now: the present, in UTC.
    """
    before = find_condition(conditions, condition.type)
    same = before is not None and before.status == condition.status
    moment = before.last_transition_time if before is not None and same else now.replace(microsecond=0)
    current = condition.model_copy(update={"last_transition_time": moment})
    if before is None:
        return (*conditions, current)
    return tuple(current if known.type == condition.type else known for known in conditions)


def find_condition(conditions: Sequence[Condition], kind: ConditionType) -> Condition | None:
    """The condition of one type, or None."""
    return next((condition for condition in conditions if condition.type == kind), None)
