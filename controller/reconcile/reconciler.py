"""One reconcile: look, apply, prune, act, and write the status if it differs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from controller.cluster.apply import Owner, apply_plan
from controller.cluster.sightings import Sightings
from controller.desired.gauges import gauges
from controller.desired.metadata import own_labels
from controller.desired.object_conditions import invalid, ready
from controller.desired.runs import CheckState, check_states, next_stale
from controller.desired.status import ASKED_FOR, invalid_status, observed_status
from controller.manifest import (
    CHILD_KINDS,
    Capabilities,
    Failure,
    Manifest,
    ObjectKey,
    Outcome,
    Plan,
)
from controller.observation import Observation, TargetFacts
from controller.reading import read
from controller.reconcile.last_valid import last_valid
from controller.reconcile.logger import bring_logger, release_loggers
from controller.reconcile.looking import Surroundings, look_around, look_at_jobs
from controller.reconcile.needs import Cluster, Prometheus
from controller.reconcile.plans import Plans
from controller.reconcile.reconciled import Reconciled, is_settled, retry_after, sent
from controller.reconcile.telling import Subject, forget_removed_checks, tell
from controller.reconcile.training import Retrained, forget_old, recommended_only, retrain
from modelmonitor.api.status import ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor

_NOTHING: Final = Outcome()


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Reconciles one monitor at a time.

    Attributes:
        cluster: the API server.
        sightings: what is known of the objects of monitors between two reconciles.
        plans: what should exist.
        prometheus: None if its address is not set.
    """

    cluster: Cluster
    sightings: Sightings
    plans: Plans
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
        subject = Subject(key, body["metadata"]["uid"], before=reading.status, now=now)
        if reading.monitor is not None:
            return await self._bring(reading.monitor, subject, capabilities=capabilities, held=held)
        last = await last_valid(body, cluster=self.cluster)
        if last is not None:
            return await self._watch_on(last, reading.problems, subject, capabilities=capabilities)
        status = invalid_status(reading.status, reading.problems, generation=reading.generation, now=now)
        return await self._tell(subject, status, problems=reading.problems)

    async def release(self, key: ObjectKey, held: Collection[str]) -> bool:
        """Take back what a deleted monitor holds outside of what the cluster removes with it.

        Returns:
            False if the monitor is there after all.

        Raises:
            ClusterError: the API server does not answer or refuses.
        """
        return await release_loggers(key, held, cluster=self.cluster)

    async def _bring(
        self, monitor: ModelMonitor, subject: Subject, *, capabilities: Capabilities, held: Collection[str]
    ) -> Reconciled:
        around = await self._look(monitor, subject, capabilities=capabilities)
        monitor, target = around.monitor, around.target
        planned = self.plans.of(monitor, pods=target.selector, capabilities=capabilities)
        outcome = await self._apply(monitor, planned, capabilities=capabilities)
        logger = await bring_logger(
            monitor,
            target,
            held=held,
            collector_url=self.plans.defaults.collector_url,
            cluster=self.cluster,
            rivalry=self.sightings.rivalry,
        )
        jobs, unseen = await self._jobs(monitor, subject.key)
        outcome = replace(outcome, failures=(*outcome.failures, *unseen))
        observation = around.with_jobs(jobs)
        states = check_states(monitor, subject.before, observation=observation, now=subject.now)
        # Without the Jobs it is not known whether a training runs already.
        retrained = (
            recommended_only(monitor, states, subject.before.trainings)
            if unseen
            else await self._retrain(monitor, states, subject, observation=observation, jobs=jobs)
        )
        status = observed_status(
            monitor,
            subject.before,
            plan=planned,
            ready=ready(monitor, planned, outcome),
            observation=observation,
            states=states,
            asked_for=(*retrained.conditions, *([logger] if logger else [])),
            trainings=retrained.trainings,
            target=around.found,
            now=subject.now,
        )
        done = await self._tell(
            subject,
            status,
            states=states,
            target=target,
            outcome=outcome,
            settled=is_settled(target, retrained.conditions),
        )
        await forget_removed_checks(monitor, subject.before, cluster=self.cluster)
        return done

    async def _watch_on(
        self,
        monitor: ModelMonitor,
        problems: tuple[str, ...],
        subject: Subject,
        *,
        capabilities: Capabilities,
    ) -> Reconciled:
        """Tell what the jobs of the last valid spec find, which go on; make and start nothing."""
        around = await self._look(monitor, subject, capabilities=capabilities)
        jobs, _ = await self._jobs(around.monitor, subject.key)
        observation = around.with_jobs(jobs)
        states = check_states(around.monitor, subject.before, observation=observation, now=subject.now)
        told_before = [each for each in subject.before.conditions if each.type in ASKED_FOR]
        recommended = recommended_only(around.monitor, states, subject.before.trainings)
        status = observed_status(
            around.monitor,
            subject.before,
            plan=self.plans.of(around.monitor, pods=around.target.selector, capabilities=capabilities),
            ready=invalid(problems),
            observation=observation,
            states=states,
            asked_for=(*recommended.conditions, *told_before),
            trainings=recommended.trainings,
            target=around.found,
            now=subject.now,
        )
        return await self._tell(subject, status, states=states, target=around.target, problems=problems)

    async def _look(
        self, monitor: ModelMonitor, subject: Subject, *, capabilities: Capabilities
    ) -> Surroundings:
        said = None if self.prometheus is None else self.prometheus.of(subject.key)
        return await look_around(
            monitor, subject, capabilities=capabilities, cluster=self.cluster, prometheus=said
        )

    async def _jobs(
        self, monitor: ModelMonitor, key: ObjectKey
    ) -> tuple[Sequence[Manifest], tuple[Failure, ...]]:
        return await look_at_jobs(monitor, key, sightings=self.sightings, cluster=self.cluster)

    async def _tell(
        self,
        subject: Subject,
        status: ModelMonitorStatus,
        *,
        states: Sequence[CheckState] = (),
        target: TargetFacts | None = None,
        outcome: Outcome = _NOTHING,
        problems: tuple[str, ...] = (),
        settled: bool = True,
    ) -> Reconciled:
        told = await tell(subject, status, cluster=self.cluster, rivalry=self.sightings.rivalry)
        failed = (*outcome.failures, *told.failures)
        return Reconciled(
            gauges=gauges(subject.key, states, told.status.conditions, target=target),
            written=sent(outcome.written, told.version),
            pruned=outcome.pruned,
            failures=(*problems, *map(str, failed)),
            settled=settled,
            version=told.version,
            stale_at=next_stale(states),
            retry_s=None if problems else retry_after(failed),
        )

    async def _retrain(
        self,
        monitor: ModelMonitor,
        states: Sequence[CheckState],
        subject: Subject,
        *,
        observation: Observation,
        jobs: Sequence[Manifest],
    ) -> Retrained:
        done = await retrain(
            monitor,
            states,
            recorded=subject.before.trainings,
            seen=observation.trainings,
            defaults=self.plans.defaults,
            cluster=self.cluster,
            now=subject.now,
        )
        await forget_old(observation.trainings, jobs, cluster=self.cluster)
        return done

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
