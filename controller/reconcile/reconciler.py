"""One reconcile: look, apply, prune, act, and write the status if it differs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from controller.cluster.apply import Owner, apply_plan
from controller.cluster.jobs import job_facts, training_facts
from controller.cluster.sightings import Sightings
from controller.cluster.target import look_at_target
from controller.desired.defaults import Defaults
from controller.desired.discovery import completed, discover
from controller.desired.gauges import GaugeSample, gauges
from controller.desired.metadata import TASK_LABEL, TRIGGER_LABEL, own_labels
from controller.desired.plan import plan
from controller.desired.retraining import decide, recommendations, retrain_recommended
from controller.desired.runs import CheckState, check_states, next_stale
from controller.desired.status import invalid_status, observed_status
from controller.manifest import (
    CHILD_KINDS,
    JOB,
    Capabilities,
    Manifest,
    ObjectKey,
    Outcome,
    Plan,
)
from controller.observation import Observation, PrometheusFacts, TargetFacts
from controller.reading import Reading, read
from controller.reconcile.logger import bring_logger, release_loggers
from controller.reconcile.needs import Cluster, Prometheus
from controller.reconcile.telling import forget_removed_checks, tell, write_status
from controller.reconcile.training import act, forget_old
from modelmonitor.api.conditions import Condition, Reason
from modelmonitor.api.labels import CHECK_LABEL
from modelmonitor.api.status import ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconcile did.

    Attributes:
        gauges: what the monitor's gauges show from now on.
        written: objects that were sent, status included, as kind/name.
        pruned: objects that were removed.
        failures: sentences about objects that could not be brought to the plan.
        settled: whether nothing is awaited; if not, look again soon.
        version: resourceVersion of the monitor after its status was written; None if it was not.
        stale_at: when the next check will have waited too long for a result; None if none waits.
    """

    gauges: tuple[GaugeSample, ...]
    written: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    settled: bool = True
    version: str | None = None
    stale_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Reconciles one monitor at a time.

    Attributes:
        cluster: the API server.
        sightings: what is known of the objects of monitors between two reconciles.
        defaults: settings of the installation.
        prometheus: None if its address is not set.
    """

    cluster: Cluster
    sightings: Sightings
    defaults: Defaults
    prometheus: Prometheus | None = None

    async def reconcile(
        self,
        body: Mapping[str, Any],
        *,
        capabilities: Capabilities,
        now: datetime,
        held: Collection[str] = (),
    ) -> Reconciled:
        """Apply, prune, look, and write the status if it differs.

        Args:
            body: the monitor as the API server holds it.
            capabilities: which kinds are served.
            now: the present, UTC.
            held: InferenceServices whose logger the monitor holds.

        Raises:
            ClusterError: the API server does not answer; what was sent until then stands.
        """
        reading = read(body)
        key = ObjectKey(body["metadata"]["namespace"], body["metadata"]["name"])
        if reading.monitor is None:
            return await self._refuse(reading, key, uid=body["metadata"]["uid"], now=now)
        return await self._bring(
            reading.monitor, reading.status, capabilities=capabilities, now=now, held=held
        )

    async def release(self, key: ObjectKey, held: Collection[str]) -> bool:
        """Take back what a deleted monitor holds outside of what the cluster removes with it.

        Returns:
            False if the monitor is there after all.

        Raises:
            ClusterError: the API server does not answer or refuses.
        """
        return await release_loggers(key, held, cluster=self.cluster)

    async def _refuse(self, reading: Reading, key: ObjectKey, *, uid: str, now: datetime) -> Reconciled:
        status = invalid_status(reading.status, reading.problems, generation=reading.generation, now=now)
        version = await write_status(key, reading.status, status, uid=uid, cluster=self.cluster)
        shown = gauges(key, (), status.conditions)
        return Reconciled(shown, _sent((), version), failures=reading.problems, version=version)

    async def _bring(
        self,
        monitor: ModelMonitor,
        before: ModelMonitorStatus,
        *,
        capabilities: Capabilities,
        now: datetime,
        held: Collection[str],
    ) -> Reconciled:
        key = ObjectKey(monitor.namespace, monitor.metadata.name)
        target = await look_at_target(
            monitor.spec.target, key.namespace, capabilities=capabilities, reader=self.cluster
        )
        prometheus = None if self.prometheus is None else self.prometheus.of(key)
        found = discover(monitor, target, prometheus=prometheus, before=before.target)
        monitor = completed(monitor, found)
        planned = plan(monitor, pods=target.selector, capabilities=capabilities, defaults=self.defaults)
        outcome = await self._apply(monitor, planned, capabilities=capabilities)
        logger = await bring_logger(
            monitor, target, held=held, collector_url=self.defaults.collector_url, cluster=self.cluster
        )
        jobs = await self._jobs(monitor, key)
        observation = _observed(target, jobs, prometheus)
        states = check_states(monitor, before, observation=observation, now=now)
        retraining = await self._retrain(monitor, states, observation=observation, jobs=jobs, now=now)
        status = observed_status(
            monitor,
            before,
            plan=planned,
            outcome=outcome,
            observation=observation,
            states=states,
            asked_for=(*retraining, *([logger] if logger else [])),
            target=found,
            now=now,
        )
        await tell(monitor, before.conditions, status.conditions, now=now, cluster=self.cluster)
        version = await write_status(key, before, status, uid=monitor.metadata.uid, cluster=self.cluster)
        await forget_removed_checks(monitor, before, cluster=self.cluster)
        return Reconciled(
            gauges=gauges(key, states, status.conditions, target=target),
            written=_sent(outcome.written, version),
            pruned=outcome.pruned,
            failures=tuple(f"{each.kind.name} {each.name}: {each.message}" for each in outcome.failures),
            settled=_settled(target, retraining),
            version=version,
            stale_at=next_stale(states),
        )

    async def _retrain(
        self,
        monitor: ModelMonitor,
        states: Sequence[CheckState],
        *,
        observation: Observation,
        jobs: Sequence[Manifest],
        now: datetime,
    ) -> tuple[Condition, ...]:
        reasons = recommendations(monitor, states)
        decision = decide(monitor, reasons, observation.trainings, now=now)
        acted = await act(monitor, decision, defaults=self.defaults, cluster=self.cluster)
        await forget_old(observation.trainings, jobs, cluster=self.cluster)
        return (retrain_recommended(reasons), *([acted] if acted is not None else []))

    async def _apply(self, monitor: ModelMonitor, planned: Plan, *, capabilities: Capabilities) -> Outcome:
        return await apply_plan(
            planned,
            owner=Owner(
                ObjectKey(monitor.namespace, monitor.metadata.name),
                uid=monitor.metadata.uid or "",
                labels=own_labels(monitor),
            ),
            kinds=[kind for kind in CHILD_KINDS if capabilities.serves(kind)],
            objects=self.cluster,
            sightings=self.sightings,
        )

    async def _jobs(self, monitor: ModelMonitor, key: ObjectKey) -> Sequence[Manifest]:
        if self.sightings.names(JOB, key) == frozenset():
            return []
        return await self.cluster.list(JOB, key.namespace, labels=own_labels(monitor))


def _observed(
    target: TargetFacts, jobs: Sequence[Manifest], prometheus: PrometheusFacts | None
) -> Observation:
    return Observation(
        target,
        jobs=job_facts(jobs, label=CHECK_LABEL),
        trainings=training_facts(jobs, label=TRIGGER_LABEL),
        tasks=job_facts(jobs, label=TASK_LABEL),
        prometheus=prometheus,
    )


def _settled(target: TargetFacts, retraining: Sequence[Condition]) -> bool:
    if any(condition.reason is Reason.TRAINING_NOT_STARTED for condition in retraining):
        return False
    return target.obstacle is None and (target.asleep is not None or any(pod.ready for pod in target.pods))


def _sent(written: tuple[str, ...], version: str | None) -> tuple[str, ...]:
    return written if version is None else (*written, "status")
