from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.desired.retraining import (
    Recommendation,
    decide,
    obsolete,
    recommendations,
    retrain_recommended,
)
from controller.desired.runs import check_states
from controller.observation import Observation, TargetFacts, TrainingFact
from modelmonitor.api.status import CheckStatus, ModelMonitorStatus, RetrainTrigger
from modelmonitor.api.v1alpha1 import ModelMonitor

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
MakeMonitor = Callable[..., ModelMonitor]
JOB = {"action": "job", "job": {"cronJob": "train"}, "cooldown": "7d"}
REASON = Recommendation("repeated-drift", "3f9c02d1aa", "Drift in 3 runs.")


def training(trigger: str, *, days_ago: float, outcome: str = "succeeded") -> TrainingFact:
    return TrainingFact(f"job-{trigger}", trigger, NOW - timedelta(days=days_ago), outcome)


def found(trigger: Any, *, established: bool = True, since: datetime = NOW) -> CheckStatus:
    entry = RetrainTrigger(
        trigger=trigger, established=established, runs=3, since=since, message=f"{trigger}!"
    )
    return CheckStatus(name="data", verdict="Drift", last_run_time=NOW, retrain=(entry,))


def reasons_of(monitor: ModelMonitor, *results: CheckStatus) -> tuple[Recommendation, ...]:
    states = check_states(
        monitor, ModelMonitorStatus(checks=results), observation=Observation(TargetFacts(None)), now=NOW
    )
    return recommendations(monitor, states)


def test_a_trigger_that_the_spec_lists_recommends_a_training(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(retrain={"when": ["repeated-drift"]})

    listed = retrain_recommended(reasons_of(monitor, found("repeated-drift")))
    other = retrain_recommended(reasons_of(monitor, found("low-confidence")))
    early = retrain_recommended(reasons_of(monitor, found("repeated-drift", established=False)))

    assert (listed.status, listed.reason, listed.message) == ("True", "RepeatedDrift", "repeated-drift!")
    assert (other.status, early.status) == ("False", "False")


def test_an_occasion_has_one_identity_and_the_next_another(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with()

    (first,) = reasons_of(monitor, found("repeated-drift"))
    (again,) = reasons_of(monitor, found("repeated-drift"))
    (later,) = reasons_of(monitor, found("repeated-drift", since=NOW + timedelta(days=9)))

    assert first.trigger_id == again.trigger_id != later.trigger_id


@pytest.mark.parametrize(
    ("retrain", "trainings", "reason", "starts"),
    [
        ({"approval": "automatic"}, [], "TrainingStarted", "3f9c02d1aa"),
        ({}, [], "AwaitingApproval", None),
        ({"approval": "automatic"}, [training("other", days_ago=6.9)], "CoolingDown", None),
        ({"approval": "automatic"}, [training("other", days_ago=7.1)], "TrainingStarted", "3f9c02d1aa"),
        ({"approval": "automatic"}, [training("3f9c02d1aa", days_ago=1)], "TrainingSucceeded", None),
        (
            {"approval": "automatic"},
            [training("3f9c02d1aa", days_ago=1, outcome="failed")],
            "TrainingFailed",
            None,
        ),
        (
            {"approval": "automatic"},
            [training("3f9c02d1aa", days_ago=8)],
            "TrainingStarted",
            "3f9c02d1aa-2",
        ),
        (
            {"approval": "automatic"},
            [training("3f9c02d1aa", days_ago=16), training("3f9c02d1aa-2", days_ago=8)],
            "TrainingStarted",
            "3f9c02d1aa-3",
        ),
        ({}, [training("3f9c02d1aa", days_ago=8)], "AwaitingApproval", None),
    ],
)
def test_when_a_training_starts_and_why_not(
    monitor_with: MakeMonitor,
    retrain: dict[str, Any],
    trainings: list[TrainingFact],
    reason: str,
    starts: str | None,
) -> None:
    decision = decide(monitor_with(retrain={**JOB, **retrain}), [REASON], trainings, now=NOW)

    assert decision.condition is not None
    assert decision.condition.reason == reason
    assert (decision.start.trigger_id if decision.start else None) == starts


def test_a_request_is_one_training_however_long_its_annotation_stays(monitor_with: MakeMonitor) -> None:
    asked = Recommendation("requested", "77aa", "Somebody asked.")
    before = [training("77aa", days_ago=400)]

    assert decide(monitor_with(retrain=JOB), [asked], before, now=NOW).start is None


def test_a_suspended_monitor_starts_nothing(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(retrain={**JOB, "approval": "automatic"}, suspend=True)

    decision = decide(monitor, [REASON], [], now=NOW)

    assert (decision.start, decision.condition and decision.condition.reason) == (None, "Suspended")


def test_without_an_action_nothing_is_told_of_trainings(monitor_with: MakeMonitor) -> None:
    assert decide(monitor_with(), [REASON], [], now=NOW).condition is None


def test_of_finished_trainings_the_newest_three_are_kept() -> None:
    running = training("r", days_ago=50, outcome="")
    finished = [training(str(days), days_ago=days) for days in (10, 20, 30, 40)]

    assert obsolete([running, *finished]) == (finished[3],)
