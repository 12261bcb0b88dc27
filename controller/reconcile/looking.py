"""Look at what is around a monitor: its target, its Jobs, and what Prometheus last said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from controller.cluster.errors import ObjectRejected
from controller.cluster.jobs import job_facts, training_facts
from controller.cluster.sightings import Sightings
from controller.cluster.target import look_at_target
from controller.desired.discovery import completed, discover
from controller.desired.metadata import TASK_LABEL, TRIGGER_LABEL, own_labels
from controller.manifest import ALL_OF_A_KIND, JOB, Capabilities, Failure, Manifest, ObjectKey
from controller.observation import Observation, PrometheusFacts, TargetFacts
from controller.reconcile.needs import Cluster
from controller.reconcile.telling import Subject
from modelmonitor.api.labels import CHECK_LABEL
from modelmonitor.api.status import TargetStatus
from modelmonitor.api.v1alpha1 import ModelMonitor


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What was seen around a monitor.

    Attributes:
        monitor: with nothing left open in its spec.
        found: what was left open.
        prometheus: None if it is not asked.
    """

    monitor: ModelMonitor
    target: TargetFacts
    found: TargetStatus
    prometheus: PrometheusFacts | None

    def with_jobs(self, jobs: Sequence[Manifest]) -> Observation:
        """All of it as facts."""
        return Observation(
            self.target,
            jobs=job_facts(jobs, label=CHECK_LABEL),
            trainings=training_facts(jobs, label=TRIGGER_LABEL),
            tasks=job_facts(jobs, label=TASK_LABEL),
            prometheus=self.prometheus,
        )


async def look_around(
    monitor: ModelMonitor,
    subject: Subject,
    *,
    capabilities: Capabilities,
    cluster: Cluster,
    prometheus: PrometheusFacts | None,
) -> Surroundings:
    """The target as it is now, and what it tells of what the spec leaves open.

    Raises:
        TryLater: the API server does not answer.
    """
    target = await look_at_target(
        monitor.spec.target, subject.key.namespace, capabilities=capabilities, reader=cluster
    )
    found = discover(monitor, target, prometheus=prometheus, before=subject.before.target)
    return Surroundings(completed(monitor, found), target, found, prometheus)


async def look_at_jobs(
    monitor: ModelMonitor, key: ObjectKey, *, sightings: Sightings, cluster: Cluster
) -> tuple[Sequence[Manifest], tuple[Failure, ...]]:
    """Its Jobs, and why they could not be looked at.

    Raises:
        TryLater: the API server does not answer.
    """
    if sightings.names(JOB, key) == frozenset():
        return [], ()
    try:
        return await cluster.list(JOB, key.namespace, labels=own_labels(monitor)), ()
    except ObjectRejected as error:
        return [], (Failure(JOB, ALL_OF_A_KIND, str(error)),)
