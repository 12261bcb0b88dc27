"""What follows from reasons to train again: which training starts, and what still stands in its way.

A trigger has an identity that does not change while it holds, and the Job that acts on it is named after it:
an operator that dies between two steps, or does one twice, starts one training and not two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from controller.desired.names import training_job_name
from controller.desired.recommendations import Recommendation
from controller.desired.trainings import attempt, numbered, of_occasion
from controller.observation import TrainingFact
from modelmonitor.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition_of
from modelmonitor.api.durations import parse_duration
from modelmonitor.api.retrain import APPROVAL
from modelmonitor.api.v1alpha1 import ModelMonitor


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about retraining now.

    Attributes:
        condition: what people are told; None where the spec wants no action.
        start: the trigger that a training is to be started for, under its identity; None to start none.
    """

    condition: Condition | None
    start: Recommendation | None = None


def decide(
    monitor: ModelMonitor,
    reasons: Sequence[Recommendation],
    trainings: Sequence[TrainingFact],
    *,
    now: datetime,
) -> Decision:
    """Whether a training starts now, and otherwise why not.

    Args:
        monitor: the monitor.
        reasons: that hold now.
        trainings: earlier ones that are known of, in any order.
        now: the present, UTC.
    """
    if monitor.spec.retrain.action == "none":
        return Decision(None)
    if not reasons:
        return _wait(Reason.NOT_NEEDED, "Nothing asks for a new training.")
    due = _most_ready(
        monitor, [each for reason in reasons if (each := _due(monitor, reason, trainings, now=now))]
    )
    if due is None:
        return Decision(_told(_newest_of(reasons, trainings)))
    return _in_the_way(monitor, due, trainings, now=now) or Decision(started(monitor, due), due)


def started(monitor: ModelMonitor, reason: Recommendation) -> Condition:
    """What is told of a training that starts."""
    job = training_job_name(monitor.metadata.name, reason.trigger_id)
    return _running(job, reason.trigger_id)


def not_started(sentence: str) -> Condition:
    """What is told of a training that could not be started."""
    return _triggered("False", Reason.TRAINING_NOT_STARTED, sentence)


def _in_the_way(
    monitor: ModelMonitor, due: Recommendation, trainings: Sequence[TrainingFact], *, now: datetime
) -> Decision | None:
    name = f"Trigger {due.trigger_id}"
    if monitor.spec.suspend:
        return _wait(Reason.SUSPENDED, f"{name} waits: the monitor is suspended.")
    last = max((each.started_at for each in trainings), default=None)
    if last is not None and now < last + _cooldown(monitor):
        until = last + _cooldown(monitor)
        sentence = f"{name} waits until {until:%Y-%m-%dT%H:%M:%SZ} (spec.retrain.cooldown)."
        return _wait(Reason.COOLING_DOWN, sentence)
    if due.doubt:
        return _wait(Reason.EVIDENCE_OLD, f"{name} waits for a new result: {due.doubt}")
    if not _approved(monitor, due):
        return _wait(Reason.AWAITING_APPROVAL, _how_to_approve(monitor, due))
    return None


def _due(
    monitor: ModelMonitor, reason: Recommendation, trainings: Sequence[TrainingFact], *, now: datetime
) -> Recommendation | None:
    """The reason under the identity of its next training; None while its last one still counts."""
    before = of_occasion(reason.trigger_id, trainings)
    if not before:
        return reason
    # A request is one training. What still holds a cool-down after a training was not cured by it.
    if reason.trigger == "requested" or now < before[-1].started_at + _cooldown(monitor):
        return None
    return replace(reason, trigger_id=numbered(reason.trigger_id, attempt(before[-1]) + 1))


def _most_ready(monitor: ModelMonitor, due: Sequence[Recommendation]) -> Recommendation | None:
    """The first that nothing but time holds up; else the first that a person can let go."""
    return min(due, key=lambda each: (bool(each.doubt), not _approved(monitor, each)), default=None)


def _newest_of(reasons: Sequence[Recommendation], trainings: Sequence[TrainingFact]) -> TrainingFact:
    of_reasons = [each for reason in reasons for each in of_occasion(reason.trigger_id, trainings)]
    return max(of_reasons, key=lambda each: each.started_at)


def _approved(monitor: ModelMonitor, reason: Recommendation) -> bool:
    # Who asks for a training has agreed to it.
    if monitor.spec.retrain.approval == "automatic" or reason.trigger == "requested":
        return True
    return monitor.metadata.annotations.get(APPROVAL, "").strip() == reason.trigger_id


def _how_to_approve(monitor: ModelMonitor, reason: Recommendation) -> str:
    command = (
        f"kubectl -n {monitor.namespace} annotate --overwrite modelmonitor {monitor.metadata.name} "
        f"{APPROVAL}={reason.trigger_id}"
    )
    return f"Trigger {reason.trigger_id} ({reason.trigger}) waits for approval: {command}"


def _cooldown(monitor: ModelMonitor) -> timedelta:
    return parse_duration(monitor.spec.retrain.cooldown)


def _told(training: TrainingFact) -> Condition:
    name = f"Job {training.name} for trigger {training.trigger_id}"
    if training.outcome == "succeeded":
        return _triggered("True", Reason.TRAINING_SUCCEEDED, f"{name} succeeded.")
    if training.outcome == "failed":
        return _triggered(
            "True", Reason.TRAINING_FAILED, f"{name} failed: {training.message or 'see its log'}."
        )
    return _running(training.name, training.trigger_id)


def _running(job: str, trigger_id: str) -> Condition:
    return _triggered("True", Reason.TRAINING_STARTED, f"Job {job} for trigger {trigger_id} runs.")


def _wait(reason: Reason, sentence: str) -> Decision:
    return Decision(_triggered("False", reason, sentence))


def _triggered(status: ConditionStatus, reason: Reason, sentence: str) -> Condition:
    return condition_of(ConditionType.RETRAIN_TRIGGERED, status, reason, sentence)
