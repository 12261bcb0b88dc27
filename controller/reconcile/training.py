"""Start the training that is due, once, and remove what is left of old ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.cluster.errors import ObjectChanged, ObjectMissing, ObjectRejected
from controller.desired.defaults import Defaults
from controller.desired.recommendations import Recommendation, recommendations, retrain_recommended
from controller.desired.retraining import Decision, decide, not_started
from controller.desired.runs import CheckState
from controller.desired.training_job import NotATemplate, training_job, webhook_job
from controller.desired.trainings import begun_training, known_trainings, obsolete, training_records
from controller.manifest import CRON_JOB, JOB, Manifest
from controller.observation import TrainingFact
from controller.reconcile.needs import Cluster
from modelmonitor.api.conditions import Condition
from modelmonitor.api.history import Training
from modelmonitor.api.v1alpha1 import ModelMonitor


@dataclass(frozen=True, slots=True)
class Acted:
    """What came of a decision.

    Attributes:
        condition: what people are told; None where the spec wants no action.
        begun: the trigger whose training was started now; None if none was.
    """

    condition: Condition | None
    begun: Recommendation | None = None


@dataclass(frozen=True, slots=True)
class Retrained:
    """What is told of retraining.

    Attributes:
        conditions: whether it is recommended, and what came of it where the spec wants an action.
        trainings: that are kept in the status.
    """

    conditions: tuple[Condition, ...]
    trainings: tuple[Training, ...]


async def retrain(
    monitor: ModelMonitor,
    states: Sequence[CheckState],
    *,
    recorded: Sequence[Training],
    seen: Sequence[TrainingFact],
    defaults: Defaults,
    cluster: Cluster,
    now: datetime,
) -> Retrained:
    """Start the training that is due, if one is.

    Args:
        monitor: the monitor.
        states: its checks.
        recorded: trainings that the status tells of, also of Jobs that are gone.
        seen: Jobs of trainings.
        defaults: settings of the installation.
        cluster: the API server.
        now: the present, UTC.

    Raises:
        TryLater: the API server does not answer.
    """
    reasons = recommendations(monitor, states)
    trainings = known_trainings(recorded, seen, now=now)
    acted = await act(
        monitor, decide(monitor, reasons, trainings, now=now), defaults=defaults, cluster=cluster
    )
    if acted.begun is not None:
        trainings = (*trainings, begun_training(monitor, acted.begun, now=now))
    told = (retrain_recommended(reasons), *([acted.condition] if acted.condition is not None else []))
    return Retrained(told, training_records(trainings, reasons, recorded))


def recommended_only(
    monitor: ModelMonitor, states: Sequence[CheckState], recorded: Sequence[Training]
) -> Retrained:
    """Whether a training is recommended, where none may be started now."""
    return Retrained((retrain_recommended(recommendations(monitor, states)),), tuple(recorded))


async def act(monitor: ModelMonitor, decision: Decision, *, defaults: Defaults, cluster: Cluster) -> Acted:
    """Start the training that was decided on, if one was.

    Raises:
        TryLater: the API server does not answer; the next attempt finds the Job if it was made.
    """
    if decision.start is None:
        return Acted(decision.condition)
    try:
        await cluster.create(JOB, await _job(monitor, decision.start, defaults=defaults, cluster=cluster))
    except ObjectChanged:
        pass  # made by an attempt that did not live to tell
    except (ObjectMissing, ObjectRejected, NotATemplate) as error:
        return Acted(not_started(f"Trigger {decision.start.trigger_id}: {error}"))
    return Acted(decision.condition, decision.start)


async def forget_old(
    trainings: Sequence[TrainingFact], jobs: Sequence[Manifest], *, cluster: Cluster
) -> None:
    """Remove finished trainings beyond the newest few.

    Raises:
        TryLater: the API server does not answer.
    """
    names = {each.name for each in obsolete(trainings)}
    for job in jobs:
        if job["metadata"]["name"] in names:
            try:
                await cluster.delete(JOB, job)
            except (ObjectMissing, ObjectChanged, ObjectRejected):
                continue  # gone already, or to be tried at the next look


async def _job(
    monitor: ModelMonitor, reason: Recommendation, *, defaults: Defaults, cluster: Cluster
) -> Manifest:
    retrain = monitor.spec.retrain
    if retrain.action == "webhook" and retrain.webhook is not None:
        return webhook_job(monitor, reason, webhook=retrain.webhook, defaults=defaults)
    name = retrain.job.cron_job if retrain.job is not None else ""
    try:
        template = await cluster.get(CRON_JOB, monitor.namespace, name)
    except ObjectMissing:
        raise ObjectMissing(
            f"CronJob {name} (spec.retrain.job.cronJob) does not exist in namespace {monitor.namespace}."
        ) from None
    return training_job(monitor, reason, template)
