"""Which trainings there were, though their Jobs are gone: one occasion, one training, one cool-down."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from controller.desired.recommendations import Recommendation
from controller.desired.retraining import decide
from controller.desired.trainings import begun_training, known_trainings, obsolete, training_records
from controller.observation import TrainingFact
from modelmonitor.api.history import Training
from modelmonitor.api.v1alpha1 import ModelMonitor

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
MakeMonitor = Callable[..., ModelMonitor]
AUTOMATIC = {"action": "job", "job": {"cronJob": "train"}, "cooldown": "7d", "approval": "automatic"}
REASON = Recommendation("repeated-drift", "3f9c02d1aa", "Drift in 3 runs.")
ASKED = Recommendation("requested", "77aa", "Somebody asked.")


def training(trigger: str, *, days_ago: float, outcome: str = "succeeded") -> TrainingFact:
    return TrainingFact(f"job-{trigger}", trigger, NOW - timedelta(days=days_ago), outcome)


def deleted(*trainings: TrainingFact, reasons: Any = (REASON,)) -> tuple[TrainingFact, ...]:
    """What is known of trainings after a reconcile wrote them down and then all Jobs were deleted."""
    return known_trainings(training_records(trainings, reasons, ()), (), now=NOW)


def test_a_deleted_job_ends_no_cool_down(monitor_with: MakeMonitor) -> None:
    other = deleted(training("other", days_ago=1))

    decision = decide(monitor_with(retrain=AUTOMATIC), [REASON], other, now=NOW)

    assert (decision.start, decision.condition and decision.condition.reason) == (None, "CoolingDown")


def test_a_trigger_whose_job_was_deleted_starts_no_second_training(monitor_with: MakeMonitor) -> None:
    decision = decide(
        monitor_with(retrain=AUTOMATIC), [REASON], deleted(training("3f9c02d1aa", days_ago=1)), now=NOW
    )

    assert (decision.start, decision.condition and decision.condition.reason) == (None, "TrainingSucceeded")


def test_an_old_approval_is_none_for_the_training_after_a_deleted_one(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(retrain={**AUTOMATIC, "approval": "manual"})
    approved = {"modelmonitor.io/approve-retrain": "3f9c02d1aa"}
    monitor = monitor.model_copy(
        update={"metadata": monitor.metadata.model_copy(update={"annotations": approved})}
    )

    decision = decide(monitor, [REASON], deleted(training("3f9c02d1aa", days_ago=8)), now=NOW)

    assert decision.condition is not None
    assert (decision.start, decision.condition.reason) == (None, "AwaitingApproval")
    assert decision.condition.message.endswith("approve-retrain=3f9c02d1aa-2")


def test_a_request_is_one_training_though_many_others_came_after_it(monitor_with: MakeMonitor) -> None:
    later = [training(f"other{number}", days_ago=100 - number) for number in range(20)]
    known = deleted(training("77aa", days_ago=400), *later, reasons=(ASKED,))

    assert decide(monitor_with(retrain=AUTOMATIC), [ASKED], known, now=NOW).start is None


def test_of_an_occasion_the_newest_attempt_is_kept() -> None:
    (record,) = training_records(
        [training("3f9c02d1aa-2", days_ago=1, outcome="failed"), training("3f9c02d1aa", days_ago=8)],
        [REASON],
        (),
    )

    assert record == Training(
        trigger="3f9c02d1aa",
        attempt=2,
        reason="repeated-drift",
        job="job-3f9c02d1aa-2",
        started_at=NOW - timedelta(days=1),
        outcome="failed",
    )


def test_the_reason_of_a_training_stays_known_when_it_holds_no_longer() -> None:
    facts = [training("3f9c02d1aa", days_ago=1)]

    written = training_records(facts, [REASON], ())

    assert training_records(facts, [], written) == written


def test_records_do_not_change_while_nothing_happens() -> None:
    facts = [training("77aa", days_ago=9), training("3f9c02d1aa", days_ago=1, outcome="failed")]

    once = training_records(facts, [REASON], ())

    assert training_records(known_trainings(once, facts[1:], now=NOW), [REASON], once) == once


def test_a_job_that_was_deleted_while_it_ran_is_no_training_that_runs(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(retrain=AUTOMATIC)
    records = training_records([begun_training(monitor, REASON, now=NOW)], [REASON], ())

    def told(after: timedelta) -> str:
        known = known_trainings(records, (), now=NOW + after)
        condition = decide(monitor, [REASON], known, now=NOW + after).condition
        return condition.message if condition is not None else ""

    assert told(timedelta(seconds=5)).endswith("runs.")
    assert told(timedelta(minutes=2)).endswith("failed: its Job was deleted before it ended.")


def test_what_a_job_says_counts_before_what_was_written_down() -> None:
    records = training_records([training("3f9c02d1aa", days_ago=1, outcome="")], [REASON], ())
    ended = training("3f9c02d1aa", days_ago=1)

    assert known_trainings(records, [ended], now=NOW) == (ended,)


def test_of_finished_trainings_the_newest_three_are_kept() -> None:
    running = training("r", days_ago=50, outcome="")
    finished = [training(str(days), days_ago=days) for days in (10, 20, 30, 40)]

    assert obsolete([running, *finished]) == (finished[3],)
