"""Start the training that is due, once, and remove what is left of old ones."""

from __future__ import annotations

from collections.abc import Sequence

from controller.cluster.errors import ObjectChanged, ObjectMissing, ObjectRejected
from controller.desired.defaults import Defaults
from controller.desired.retraining import Decision, Recommendation, not_started, obsolete
from controller.desired.training_job import NotATemplate, training_job, webhook_job
from controller.manifest import CRON_JOB, JOB, Manifest
from controller.observation import TrainingFact
from controller.reconcile.needs import Cluster
from modelmonitor.api.conditions import Condition
from modelmonitor.api.v1alpha1 import ModelMonitor


async def act(
    monitor: ModelMonitor, decision: Decision, *, defaults: Defaults, cluster: Cluster
) -> Condition | None:
    """Start the training that was decided on, if one was; what is told of it.

    Raises:
        TryLater: the API server does not answer; the next attempt finds the Job if it was made.
    """
    if decision.start is None:
        return decision.condition
    try:
        await cluster.create(JOB, await _job(monitor, decision.start, defaults=defaults, cluster=cluster))
    except ObjectChanged:
        return decision.condition  # made by an attempt that did not live to tell
    except (ObjectMissing, ObjectRejected, NotATemplate) as error:
        return not_started(f"Trigger {decision.start.trigger_id}: {error}")
    return decision.condition


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
