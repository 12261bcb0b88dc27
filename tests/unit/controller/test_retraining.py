from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from controller.desired.recommendations import Recommendation, recommendations, retrain_recommended
from controller.desired.retraining import decide
from controller.desired.runs import check_states
from controller.observation import JobFact, Observation, TargetFacts, TrainingFact
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


def reasons_of(
    monitor: ModelMonitor, *results: CheckStatus, jobs: tuple[JobFact, ...] = ()
) -> tuple[Recommendation, ...]:
    status = ModelMonitorStatus(checks=results, observed_generation=monitor.metadata.generation)
    seen = Observation(TargetFacts(None), jobs)
    return recommendations(monitor, check_states(monitor, status, observation=seen, now=NOW))


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


def test_a_request_that_was_met_holds_no_later_reason_up(monitor_with: MakeMonitor) -> None:
    asked = Recommendation("requested", "77aa", "Somebody asked.")
    monitor = monitor_with(retrain={**JOB, "approval": "automatic"})

    decision = decide(monitor, [asked, REASON], [training("77aa", days_ago=160)], now=NOW)

    assert decision.start == REASON


def test_where_no_reason_is_due_the_newest_training_is_told(monitor_with: MakeMonitor) -> None:
    asked = Recommendation("requested", "77aa", "Somebody asked.")
    trainings = [training("77aa", days_ago=160), training("3f9c02d1aa", days_ago=1, outcome="failed")]

    decision = decide(monitor_with(retrain=JOB), [asked, REASON], trainings, now=NOW)

    assert decision.condition is not None
    assert decision.condition.message.startswith("Job job-3f9c02d1aa for trigger 3f9c02d1aa failed")


def test_of_two_reasons_the_one_that_was_approved_starts(monitor_with: MakeMonitor) -> None:
    approved = Recommendation("low-confidence", "55bb", "Half of them.")
    monitor = monitor_with(retrain=JOB)
    annotated = {"modelmonitor.io/approve-retrain": "55bb"}
    monitor = monitor.model_copy(
        update={"metadata": monitor.metadata.model_copy(update={"annotations": annotated})}
    )

    assert decide(monitor, [REASON, approved], [], now=NOW).start == approved


@pytest.mark.parametrize(
    ("last_run", "failed", "sentence"),
    [
        (NOW - timedelta(days=90), False, "data has had no result since 2026-08-25T03:00:00Z."),
        (NOW - timedelta(hours=2), True, "The last run of data failed (job sentiment-data-1): OOMKilled."),
    ],
)
def test_evidence_without_a_recent_result_starts_nothing_and_says_so(
    monitor_with: MakeMonitor, last_run: datetime, failed: bool, sentence: str
) -> None:
    monitor = monitor_with(retrain={**JOB, "approval": "automatic"})
    result = found("repeated-drift", since=last_run).model_copy(update={"last_run_time": last_run})
    job = JobFact("data", "sentiment-data-1", NOW, failed=failed, message="OOMKilled")

    reasons = reasons_of(monitor, result, jobs=(job,))
    decision = decide(monitor, reasons, [], now=NOW)

    assert retrain_recommended(reasons).status == "True"
    assert decision.condition is not None
    assert (decision.start, decision.condition.reason) == (None, "EvidenceOld")
    assert decision.condition.message.endswith(f"waits for a new result: {sentence}")


def test_evidence_of_before_a_suspension_starts_nothing_when_it_ends(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(retrain={**JOB, "approval": "automatic"})
    result = found("repeated-drift").model_copy(update={"last_run_time": NOW - timedelta(days=90)})
    before = ModelMonitorStatus(checks=(result,), observed_generation=3)
    states = check_states(monitor, before, observation=Observation(TargetFacts(None)), now=NOW)

    decision = decide(monitor, recommendations(monitor, states), [], now=NOW)

    assert (decision.start, decision.condition and decision.condition.reason) == (None, "EvidenceOld")


def test_the_same_reason_of_a_check_that_runs_counts_before_that_of_one_that_does_not(
    monitor_with: MakeMonitor,
) -> None:
    monitor = monitor_with(retrain={**JOB, "approval": "automatic"})
    old = found("repeated-drift").model_copy(update={"last_run_time": NOW - timedelta(days=90)})
    fresh = found("repeated-drift").model_copy(update={"name": "concept"})

    (reason,) = reasons_of(monitor, old, fresh)

    assert decide(monitor, [reason], [], now=NOW).start == reason


def test_a_suspended_monitor_starts_nothing(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(retrain={**JOB, "approval": "automatic"}, suspend=True)

    decision = decide(monitor, [REASON], [], now=NOW)

    assert (decision.start, decision.condition and decision.condition.reason) == (None, "Suspended")


def test_without_an_action_nothing_is_told_of_trainings(monitor_with: MakeMonitor) -> None:
    assert decide(monitor_with(), [REASON], [], now=NOW).condition is None
