"""What the drift jobs found as conditions: DriftDetected, Degraded, ReferenceReady."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from controller.desired.runs import CheckState
from controller.observation import JobFact, Observation
from modelmonitor.api.checks import CheckType
from modelmonitor.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition_of

_DRIFT_OF: Final[Mapping[CheckType, Reason]] = {
    "data": Reason.DATA_DRIFT,
    "concept": Reason.CONCEPT_DRIFT,
    "performance": Reason.PERFORMANCE_DRIFT,
}
# What drift jobs call an obstacle of the reference.
_NO_REFERENCE: Final[Mapping[str, Reason]] = {
    "NoReference": Reason.REFERENCE_MISSING,
    "ReferenceContaminated": Reason.REFERENCE_CONTAMINATED,
    "ModelChanged": Reason.REFERENCE_OUTDATED,
}


def drift_detected(states: Sequence[CheckState]) -> Condition:
    """True while a check sees drift, also if that result is old; False only if all say so, and recently."""
    drifting = [state for state in states if state.drifts]
    if drifting:
        kinds = {state.check.type for state in drifting}
        reason = _DRIFT_OF[drifting[0].check.type] if len(kinds) == 1 else Reason.SEVERAL_DRIFTS
        return _condition(ConditionType.DRIFT_DETECTED, "True", reason, map(_found, drifting))
    unknown = [state for state in states if not state.concluded]
    if unknown:
        some_ran = any(state.result is not None for state in unknown)
        reason = Reason.INCONCLUSIVE if some_ran else Reason.NOT_YET_OBSERVED
        return _condition(ConditionType.DRIFT_DETECTED, "Unknown", reason, map(_open_question, unknown))
    sentence = f"No check of {len(states)} sees drift."
    return _condition(ConditionType.DRIFT_DETECTED, "False", Reason.NO_DRIFT, [sentence])


def degraded(states: Sequence[CheckState], observation: Observation) -> Condition:
    """True while quality has fallen, a critical alert fires, or runs or the upkeep fail or stay away."""
    prometheus = observation.prometheus
    troubles = [state.trouble for state in states if state.trouble]
    troubles += [_failed_task(job) for job in observation.failed_tasks]
    if troubles:
        return _condition(ConditionType.DEGRADED, "True", Reason.RUN_FAILED, troubles)
    fallen = [state for state in states if state.drifts and state.check.type == "performance"]
    firing = [name for name, severity in (prometheus.firing if prometheus else ()) if severity == "critical"]
    if fallen or firing:
        critical = firing or any(state.severity == "critical" for state in fallen)
        reason = Reason.ABOVE_CRITICAL if critical else Reason.ABOVE_WARNING
        sentences = [*map(_found, fallen), *(f"Alert {name} fires." for name in firing)]
        return _condition(ConditionType.DEGRADED, "True", reason, sentences)
    if any(state.concluded for state in states):
        sentence = "Runs succeed and quality is within the thresholds."
        return _condition(ConditionType.DEGRADED, "False", Reason.WITHIN_THRESHOLDS, [sentence])
    return _condition(
        ConditionType.DEGRADED, "Unknown", Reason.NOT_YET_OBSERVED, ["No recent run has had a verdict."]
    )


def reference_ready(states: Sequence[CheckState]) -> Condition:
    """True once a run compared with the reference."""
    for state in states:
        obstacle = _NO_REFERENCE.get(state.result.reason or "") if state.result else None
        if obstacle is not None:
            return _condition(ConditionType.REFERENCE_READY, "False", obstacle, [_found(state)])
    rows = [state.result.reference_rows for state in states if state.result and state.result.reference_rows]
    if rows:
        sentence = f"The last run compared with {max(rows)} rows."
        notes = {state.result.reference_note: None for state in states if state.result}
        told = [sentence, *filter(None, notes)]
        return _condition(ConditionType.REFERENCE_READY, "True", Reason.REFERENCE_STORED, told)
    sentence = "No run has looked for the reference yet."
    return _condition(ConditionType.REFERENCE_READY, "Unknown", Reason.NOT_YET_OBSERVED, [sentence])


def _failed_task(job: JobFact) -> str:
    return f"The last {job.check} failed (job {job.name}): {job.message or 'see its log'}."


def _found(state: CheckState) -> str:
    said = (
        state.result.message if state.result and state.result.message else f"{state.check.name} sees drift."
    )
    return f"{said} {state.doubt}" if state.doubt else said


def _open_question(state: CheckState) -> str:
    if state.doubt:
        return state.doubt
    if state.result is None or state.result.verdict is None:
        return f"{state.check.name} has not run yet."
    return state.result.message or f"{state.check.name} is inconclusive."


def _condition(
    kind: ConditionType, status: ConditionStatus, reason: Reason, sentences: Iterable[str]
) -> Condition:
    return condition_of(kind, status, reason, " ".join(sentences))
