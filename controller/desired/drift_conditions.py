"""What the drift jobs found as conditions: DriftDetected, Degraded, RetrainRecommended, ReferenceReady."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from controller.desired.runs import CheckState
from controller.observation import PrometheusFacts
from modelmonitor.api.checks import CheckType
from modelmonitor.api.conditions import Condition, ConditionType, Reason, find_condition
from modelmonitor.api.retrain import Retrain, Trigger
from modelmonitor.api.v1alpha1 import ModelMonitor

REQUEST_ANNOTATION: Final = "modelmonitor.io/retrain"
_DRIFT_OF: Final[Mapping[CheckType, Reason]] = {
    "data": Reason.DATA_DRIFT,
    "concept": Reason.CONCEPT_DRIFT,
    "performance": Reason.PERFORMANCE_DRIFT,
}
# What drift jobs call an obstacle of the reference.
_NO_REFERENCE: Final[Mapping[str, Reason]] = {
    "NoReference": Reason.REFERENCE_MISSING,
    "UnsupportedReference": Reason.REFERENCE_MISSING,
    "ModelChanged": Reason.REFERENCE_OUTDATED,
}
# Reasons of a retraining that the job itself finds in the log and writes as the reason of a check.
_FOUND_BY_JOB: Final[Mapping[Trigger, Reason]] = {
    "confidence-declining": Reason.CONFIDENCE_DECLINING,
    "low-confidence": Reason.LOW_CONFIDENCE,
    "new-patterns": Reason.NEW_PATTERNS,
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


def degraded(states: Sequence[CheckState], prometheus: PrometheusFacts | None) -> Condition:
    """True while quality has fallen, a critical alert fires, or runs fail or stay away."""
    troubles = [state.trouble for state in states if state.trouble]
    if troubles:
        return _condition(ConditionType.DEGRADED, "True", Reason.RUN_FAILED, troubles)
    fallen = [state for state in states if state.drifts and state.check.type == "performance"]
    firing = [name for name, severity in (prometheus.firing if prometheus else ()) if severity == "critical"]
    if fallen or firing:
        critical = firing or any(_severity(state) == "critical" for state in fallen)
        reason = Reason.ABOVE_CRITICAL if critical else Reason.ABOVE_WARNING
        sentences = [*map(_found, fallen), *(f"Alert {name} fires." for name in firing)]
        return _condition(ConditionType.DEGRADED, "True", reason, sentences)
    if any(state.concluded for state in states):
        sentence = "Runs succeed and quality is within the thresholds."
        return _condition(ConditionType.DEGRADED, "False", Reason.WITHIN_THRESHOLDS, [sentence])
    return _condition(
        ConditionType.DEGRADED, "Unknown", Reason.NOT_YET_OBSERVED, ["No run has had a verdict yet."]
    )


def retrain_recommended(
    monitor: ModelMonitor, states: Sequence[CheckState], *, before: Sequence[Condition]
) -> Condition:
    """True for a trigger that the spec lists, with its evidence.

    Args:
        monitor: the monitor.
        states: its checks.
        before: conditions so far; since when drift is known is read from them.
    """
    when = monitor.spec.retrain.when
    if "requested" in when and monitor.metadata.annotations.get(REQUEST_ANNOTATION) == "requested":
        return _retrain(Reason.REQUESTED, f"Somebody set the annotation {REQUEST_ANNOTATION}.")
    if "repeated-drift" in when:
        runs = drifting_runs(states, before)
        if runs >= monitor.spec.retrain.min_evidence:
            return _retrain(Reason.REPEATED_DRIFT, f"{runs} runs in a row found drift.")
    found = _found_by_job(states, monitor.spec.retrain)
    if found is not None:
        return found
    sentence = "No reason for a new training is known."
    return _condition(ConditionType.RETRAIN_RECOMMENDED, "False", Reason.NOT_NEEDED, [sentence])


def drifting_runs(states: Sequence[CheckState], before: Sequence[Condition]) -> int:
    """How many runs in a row found drift, by since when DriftDetected is True and when the last run was."""
    known = find_condition(before, ConditionType.DRIFT_DETECTED)
    if known is None or known.status != "True" or known.last_transition_time is None:
        return 0
    return max(
        (_runs_since(state, known.last_transition_time) for state in states if state.drifts), default=0
    )


def _runs_since(state: CheckState, first: datetime) -> int:
    last = state.result.last_run_time if state.result else None
    # The transition is written moments after the first run, so that whole intervals come out a little short.
    return 0 if last is None else max(0, round((last - first) / state.interval)) + 1


def _found_by_job(states: Sequence[CheckState], retrain: Retrain) -> Condition | None:
    for trigger, reason in _FOUND_BY_JOB.items():
        said = [state for state in states if state.result is not None and state.result.reason == reason]
        if trigger in retrain.when and said:
            return _retrain(reason, *map(_found, said))
    return None


def _retrain(reason: Reason, *sentences: str) -> Condition:
    return _condition(ConditionType.RETRAIN_RECOMMENDED, "True", reason, sentences)


def reference_ready(states: Sequence[CheckState]) -> Condition:
    """True once a run compared with the reference."""
    for state in states:
        obstacle = _NO_REFERENCE.get(state.result.reason or "") if state.result else None
        if obstacle is not None:
            return _condition(ConditionType.REFERENCE_READY, "False", obstacle, [_found(state)])
    rows = [state.result.reference_rows for state in states if state.result and state.result.reference_rows]
    if rows:
        sentence = f"The last run compared with {max(rows)} rows."
        return _condition(ConditionType.REFERENCE_READY, "True", Reason.REFERENCE_STORED, [sentence])
    sentence = "No run has looked for the reference yet."
    return _condition(ConditionType.REFERENCE_READY, "Unknown", Reason.NOT_YET_OBSERVED, [sentence])


def _severity(state: CheckState) -> str | None:
    return None if state.result is None else state.result.severity


def _found(state: CheckState) -> str:
    said = (
        state.result.message if state.result and state.result.message else f"{state.check.name} sees drift."
    )
    return f"{said} {state.trouble}" if state.trouble else said


def _open_question(state: CheckState) -> str:
    if state.trouble:
        return state.trouble
    if state.result is None or state.result.verdict is None:
        return f"{state.check.name} has not run yet."
    return state.result.message or f"{state.check.name} is inconclusive."


def _condition(kind: ConditionType, status: str, reason: Reason, sentences: Iterable[str]) -> Condition:
    return Condition.model_validate(
        {"type": kind, "status": status, "reason": reason, "message": " ".join(sentences)}
    )
