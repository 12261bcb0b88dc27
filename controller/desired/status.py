"""The status of a monitor as the operator writes it; `checks` in it belongs to the drift jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from controller.desired.dashboards import dashboards_ready
from controller.desired.drift_conditions import degraded, drift_detected, reference_ready
from controller.desired.object_conditions import invalid, rules_loaded, target_reachable
from controller.desired.runs import CheckState
from controller.desired.timetables import timetables
from controller.manifest import Plan
from controller.observation import Observation, PrometheusFacts
from modelmonitor.api.conditions import Condition, ConditionType, set_condition
from modelmonitor.api.history import Training
from modelmonitor.api.status import Child, ModelMonitorStatus, MonitorVerdict, TargetStatus
from modelmonitor.api.v1alpha1 import ModelMonitor

ASKED_FOR: Final = frozenset({ConditionType.RETRAIN_TRIGGERED, ConditionType.CAPTURE_READY})
"""Conditions that are there only where the spec asks for what they tell of."""


def observed_status(
    monitor: ModelMonitor,
    before: ModelMonitorStatus,
    *,
    plan: Plan,
    ready: Condition,
    observation: Observation,
    states: Sequence[CheckState],
    asked_for: Sequence[Condition],
    trainings: Sequence[Training],
    target: TargetStatus,
    now: datetime,
) -> ModelMonitorStatus:
    """What is known now.

    Args:
        monitor: the monitor.
        before: the status so far, for transition times.
        plan: what should exist.
        ready: whether it does, as a condition.
        observation: what was seen around it.
        states: its checks.
        asked_for: conditions of retraining and capture.
        trainings: that are kept.
        target: what is monitored, as it was found.
        now: the present, UTC.
    """
    prometheus = observation.prometheus
    conditions = (
        ready,
        target_reachable(monitor, observation.target, prometheus=prometheus),
        reference_ready(states),
        rules_loaded(plan, prometheus=prometheus),
        drift_detected(states),
        degraded(states, observation),
        dashboards_ready(monitor, plan),
        *asked_for,
    )
    known = _still_asked_for(before.conditions, conditions)
    runs = [state.result.last_run_time for state in states if state.result and state.result.last_run_time]
    return ModelMonitorStatus(
        observed_generation=monitor.metadata.generation,
        verdict=_verdict(monitor, states, prometheus),
        drift=_drift(states),
        confidence=_confidence(states),
        last_run_time=max(runs, default=None),
        alerts=_alerts(prometheus),
        model_version=_model_version(states, prometheus),
        target=target,
        conditions=_merged(known, conditions, generation=monitor.metadata.generation, now=now),
        timetables=timetables(monitor, before, now=now),
        trainings=tuple(trainings),
        children=tuple(Child(kind=each.kind.name, name=each.name, check=each.check) for each in plan.objects),
    )


def invalid_status(
    before: ModelMonitorStatus, sentences: Sequence[str], *, generation: int | None, now: datetime
) -> ModelMonitorStatus:
    """The status of a monitor of which no valid spec is known: as before, but neither ready nor healthy."""
    conditions = _merged(before.conditions, (invalid(sentences),), generation=generation, now=now)
    return before.model_copy(
        update={
            "observed_generation": generation,
            "verdict": "Inconclusive",
            "conditions": conditions,
            "checks": (),
            "reference": None,
        }
    )


def _still_asked_for(before: Sequence[Condition], current: Sequence[Condition]) -> tuple[Condition, ...]:
    told = {condition.type for condition in current}
    return tuple(each for each in before if each.type in told or each.type not in ASKED_FOR)


def _merged(
    before: Sequence[Condition], current: Sequence[Condition], *, generation: int | None, now: datetime
) -> tuple[Condition, ...]:
    merged = tuple(before)
    for condition in current:
        of_generation = condition.model_copy(update={"observed_generation": generation})
        merged = set_condition(merged, of_generation, now=now)
    return merged


def _verdict(
    monitor: ModelMonitor, states: Sequence[CheckState], prometheus: PrometheusFacts | None
) -> MonitorVerdict:
    if monitor.spec.suspend:
        return "Suspended"
    severities = {state.severity for state in states if state.drifts}
    firing = {severity for _, severity in (prometheus.firing if prometheus else ())}
    if "critical" in severities | firing:
        return "Critical"
    if severities or "warning" in firing:
        return "Warning"
    # Only checks that all concluded, and lately, make a monitor healthy: an old green would mislead.
    return "Healthy" if all(state.concluded for state in states) else "Inconclusive"


def _drift(states: Sequence[CheckState]) -> str | None:
    drifting = ",".join(state.check.name for state in states if state.drifts)
    some_ran = any(state.result is not None for state in states)
    return (drifting or "none")[:256] if some_ran else None


def _confidence(states: Sequence[CheckState]) -> str | None:
    results = [state.result for state in states if state.result is not None]
    told = [
        (each.last_run_time, each.confidence) for each in results if each.last_run_time and each.confidence
    ]
    return max(told)[1] if told else None


def _alerts(prometheus: PrometheusFacts | None) -> int | None:
    return None if prometheus is None or prometheus.obstacle else len(prometheus.firing)


def _model_version(states: Sequence[CheckState], prometheus: PrometheusFacts | None) -> str | None:
    # During a canary or a rolling update pods serve several versions, and this says so.
    if prometheus is not None and prometheus.versions:
        return ", ".join(prometheus.versions)[:256]
    results = [state.result for state in states if state.result is not None]
    dated = [(result.last_run_time, result.model_version) for result in results if result.last_run_time]
    return max(dated, key=lambda each: each[0])[1] if dated else None
