"""What follows from reasons to train again: which training starts, and what still stands in its way.

A trigger has an identity that does not change while it holds, and the Job that acts on it is named after it:
an operator that dies between two steps, or does one twice, starts one training and not two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from controller.desired.names import training_job_name
from controller.desired.runs import CheckState
from controller.observation import TrainingFact
from modelmonitor.api.conditions import Condition, ConditionType, Reason
from modelmonitor.api.durations import parse_duration
from modelmonitor.api.retrain import APPROVAL, BUSINESS_CHANGE, Trigger
from modelmonitor.api.v1alpha1 import ModelMonitor

_ID_LENGTH: Final = 10
_REASONS: Final[Mapping[Trigger, Reason]] = {
    "requested": Reason.REQUESTED,
    "repeated-drift": Reason.REPEATED_DRIFT,
    "confidence-declining": Reason.CONFIDENCE_DECLINING,
    "low-confidence": Reason.LOW_CONFIDENCE,
    "new-patterns": Reason.NEW_PATTERNS,
}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A reason to train again.

    Attributes:
        trigger_id: identity of this occasion; another for the same trigger at another time.
        message: the evidence, in a sentence.
    """

    trigger: Trigger
    trigger_id: str
    message: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about retraining now.

    Attributes:
        condition: what people are told; None where the spec wants no action.
        start: the trigger that a training is to be started for, under its identity; None to start none.
    """

    condition: Condition | None
    start: Recommendation | None = None


def recommendations(monitor: ModelMonitor, states: Sequence[CheckState]) -> tuple[Recommendation, ...]:
    """Reasons that the spec lists and that hold now: what a person declares first, then what jobs found."""
    listed = {each.trigger: each for each in reversed((*_declared(monitor), *_found(monitor, states)))}
    return tuple(listed[trigger] for trigger in _REASONS if trigger in listed)


def retrain_recommended(reasons: Sequence[Recommendation]) -> Condition:
    """True for a trigger that the spec lists, with its evidence."""
    if not reasons:
        sentence = "No reason for a new training is known."
        return _condition(ConditionType.RETRAIN_RECOMMENDED, "False", Reason.NOT_NEEDED, sentence)
    sentences = " ".join(each.message for each in reasons)
    return _condition(ConditionType.RETRAIN_RECOMMENDED, "True", _REASONS[reasons[0].trigger], sentences)


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
        trainings: Jobs of earlier trainings, in any order.
        now: the present, UTC.
    """
    if monitor.spec.retrain.action == "none":
        return Decision(None)
    if not reasons:
        return _wait(Reason.NOT_NEEDED, "Nothing asks for a new training.")
    newest = max(trainings, key=lambda each: each.started_at, default=None)
    due = _due(monitor, reasons[0], trainings, now=now)
    if due is None:
        return Decision(_told(_of_occasion(reasons[0].trigger_id, trainings)[-1]))
    if monitor.spec.suspend:
        return _wait(Reason.SUSPENDED, f"Trigger {due.trigger_id} waits: the monitor is suspended.")
    if newest is not None and now < newest.started_at + _cooldown(monitor):
        until = newest.started_at + _cooldown(monitor)
        sentence = f"Trigger {due.trigger_id} waits until {until:%Y-%m-%dT%H:%M:%SZ} (spec.retrain.cooldown)."
        return _wait(Reason.COOLING_DOWN, sentence)
    if not _approved(monitor, due):
        return _wait(Reason.AWAITING_APPROVAL, _how_to_approve(monitor, due))
    return Decision(started(monitor, due), due)


def started(monitor: ModelMonitor, reason: Recommendation) -> Condition:
    """What is told of a training that starts."""
    job = training_job_name(monitor.metadata.name, reason.trigger_id)
    return _running(job, reason.trigger_id)


def not_started(sentence: str) -> Condition:
    """What is told of a training that could not be started."""
    return _triggered("False", Reason.TRAINING_NOT_STARTED, sentence)


def obsolete(trainings: Sequence[TrainingFact], *, keep: int = 3) -> tuple[TrainingFact, ...]:
    """Finished trainings beyond the newest few, which tell when the last one was."""
    finished = sorted((each for each in trainings if each.outcome), key=lambda each: each.started_at)
    return tuple(finished[: max(len(finished) - keep, 0)])


def _declared(monitor: ModelMonitor) -> tuple[Recommendation, ...]:
    text = monitor.metadata.annotations.get(BUSINESS_CHANGE, "").strip()
    if not text or "requested" not in monitor.spec.retrain.when:
        return ()
    sentence = f"Somebody declared a change of the business: {text[:200]}"
    return (Recommendation("requested", _identity(monitor, "requested", text), sentence),)


def _found(monitor: ModelMonitor, states: Sequence[CheckState]) -> tuple[Recommendation, ...]:
    # What a person declares is read from the monitor itself; the job only writes it down.
    return tuple(
        Recommendation(
            found.trigger,
            _identity(monitor, found.trigger, state.check.name, found.since.isoformat()),
            found.message,
        )
        for state in states
        for found in (state.result.retrain if state.result is not None else ())
        if found.established and found.trigger != "requested" and found.trigger in monitor.spec.retrain.when
    )


def _identity(monitor: ModelMonitor, *parts: str) -> str:
    text = "/".join((monitor.metadata.uid or "", *parts))
    return sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def _due(
    monitor: ModelMonitor, reason: Recommendation, trainings: Sequence[TrainingFact], *, now: datetime
) -> Recommendation | None:
    """The reason under the identity of its next training; None while its last one still counts."""
    before = _of_occasion(reason.trigger_id, trainings)
    if not before:
        return reason
    # A request is one training. What still holds a cool-down after a training was not cured by it.
    if reason.trigger == "requested" or now < before[-1].started_at + _cooldown(monitor):
        return None
    return Recommendation(reason.trigger, f"{reason.trigger_id}-{_attempt(before[-1]) + 1}", reason.message)


def _of_occasion(trigger_id: str, trainings: Sequence[TrainingFact]) -> list[TrainingFact]:
    found = [each for each in trainings if each.trigger_id.partition("-")[0] == trigger_id]
    return sorted(found, key=_attempt)


def _attempt(training: TrainingFact) -> int:
    _, _, attempt = training.trigger_id.partition("-")
    return int(attempt) if attempt.isdigit() else 1


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


def _triggered(status: str, reason: Reason, sentence: str) -> Condition:
    return _condition(ConditionType.RETRAIN_TRIGGERED, status, reason, sentence)


def _condition(kind: ConditionType, status: str, reason: Reason, message: str) -> Condition:
    return Condition.model_validate({"type": kind, "status": status, "reason": reason, "message": message})
