"""Which trainings there were: Jobs that are there, and what the status keeps of those that were deleted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from controller.desired.names import training_job_name
from controller.desired.recommendations import Recommendation
from controller.observation import TrainingFact
from modelmonitor.api.history import MOST_TRAININGS, Training, TrainingOutcome
from modelmonitor.api.retrain import Trigger
from modelmonitor.api.v1alpha1 import ModelMonitor

# So soon after it was made, a Job may not have been told of yet.
_TOLD_WITHIN: Final = timedelta(minutes=1)
# As long as the status takes a sentence.
_LONGEST: Final = 4096
_DELETED: Final = "its Job was deleted before it ended"


def known_trainings(
    recorded: Sequence[Training], jobs: Sequence[TrainingFact], *, now: datetime
) -> tuple[TrainingFact, ...]:
    """Every training that is known of; what its Job says counts before what was written down.

    Args:
        recorded: in the status so far.
        jobs: as they are now.
        now: the present, UTC.
    """
    present = {job.trigger_id for job in jobs}
    facts = (_fact(training, now=now) for training in recorded)
    return (*jobs, *(fact for fact in facts if fact.trigger_id not in present))


def begun_training(monitor: ModelMonitor, reason: Recommendation, *, now: datetime) -> TrainingFact:
    """A training whose Job was made just now."""
    return TrainingFact(training_job_name(monitor.metadata.name, reason.trigger_id), reason.trigger_id, now)


def training_records(
    trainings: Sequence[TrainingFact], reasons: Sequence[Recommendation], recorded: Sequence[Training]
) -> tuple[Training, ...]:
    """What the status keeps: the newest attempt of each occasion that holds, then of the latest others.

    Args:
        trainings: all that are known.
        reasons: that hold now.
        recorded: in the status so far; only it still tells for what reason an old one was.
    """
    newest = {occasion(each): each for each in sorted(trainings, key=attempt)}
    holding = {reason.trigger_id for reason in reasons}
    ranked = sorted(newest, key=lambda each: (each in holding, newest[each].started_at), reverse=True)
    kept = sorted(ranked[:MOST_TRAININGS], key=lambda each: newest[each].started_at)
    why = {each.trigger: each.reason for each in recorded if each.reason}
    why |= {each.trigger_id: each.trigger for each in reasons}
    return tuple(_record(newest[each], why=why) for each in kept)


def of_occasion(trigger_id: str, trainings: Sequence[TrainingFact]) -> list[TrainingFact]:
    """The trainings of one occasion, the last attempt last."""
    return sorted((each for each in trainings if occasion(each) == trigger_id), key=attempt)


def occasion(training: TrainingFact) -> str:
    """Identity of the occasion that a training was started for."""
    return training.trigger_id.partition("-")[0]


def attempt(training: TrainingFact) -> int:
    """Which training of its occasion it is, counted from 1."""
    _, _, number = training.trigger_id.partition("-")
    return int(number) if number.isdigit() else 1


def numbered(trigger_id: str, number: int) -> str:
    """Identity of a training: of its occasion, with the number of the attempt from the second on."""
    return trigger_id if number == 1 else f"{trigger_id}-{number}"


def obsolete(trainings: Sequence[TrainingFact], *, keep: int = 3) -> tuple[TrainingFact, ...]:
    """Finished Jobs beyond the newest few, which people may want to look at."""
    finished = sorted((each for each in trainings if each.outcome), key=lambda each: each.started_at)
    return tuple(finished[: max(len(finished) - keep, 0)])


def _fact(training: Training, *, now: datetime) -> TrainingFact:
    trigger_id = numbered(training.trigger, training.attempt)
    outcome, message = training.outcome, training.message or ""
    if outcome == "running" and now > training.started_at + _TOLD_WITHIN:
        outcome, message = "failed", _DELETED
    ended = "" if outcome == "running" else outcome
    return TrainingFact(training.job, trigger_id, training.started_at, ended, message)


def _record(training: TrainingFact, *, why: Mapping[str, Trigger]) -> Training:
    outcome: TrainingOutcome = "running"
    if training.outcome:
        outcome = "succeeded" if training.outcome == "succeeded" else "failed"
    return Training(
        trigger=occasion(training),
        attempt=attempt(training),
        reason=why.get(occasion(training)),
        job=training.name,
        started_at=training.started_at.replace(microsecond=0),
        outcome=outcome,
        message=training.message[:_LONGEST] or None,
    )
