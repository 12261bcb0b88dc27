"""The operator as one coroutine: Kopf watches, workers reconcile, a port tells how it goes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import kopf

from controller.cluster.api import Api
from controller.cluster.capabilities import CapabilityProbe
from controller.cluster.prometheus import PrometheusClient
from controller.cluster.sightings import Sightings
from controller.cluster.transport import Connection
from controller.desired.defaults import Defaults
from controller.handlers.cache import MonitorCache
from controller.handlers.children import KINDS, OWN, ChildWatch
from controller.handlers.dashboard_files import read_dashboards
from controller.handlers.follow import Following, Listener, Metadata, without_fields
from controller.handlers.http import application, serve
from controller.handlers.kopf_setup import kopf_settings
from controller.handlers.login import login
from controller.handlers.pulse import Pulse
from controller.handlers.scaling import ScaleWatch
from controller.handlers.services import ServiceWatch, logger_fields
from controller.handlers.survey import Survey
from controller.handlers.watches import Watches, register
from controller.handlers.worker import Worker
from controller.manifest import DEPLOYMENT, INFERENCE_SERVICE, Kind
from controller.reconcile import Plans, Reconciler
from controller.settings import PREFIX, OperatorSettings
from controller.telemetry import Telemetry
from controller.work_queue import WorkQueue

_LOG = logging.getLogger("controller")


class PartEnded(Exception):
    """Start the process again: what ended does not come back by itself."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a running operator consists of beside Kopf."""

    api: Api
    registry: kopf.OperatorRegistry
    telemetry: Telemetry
    worker: Worker
    pulse: Pulse
    followings: tuple[Following, ...]
    survey: Survey | None

    async def work(self) -> None:
        """Reconcile for ever, once it is known what there is: else everything would be looked at twice."""
        began = [each.began for each in self.followings] + ([self.survey.began] if self.survey else [])
        await asyncio.gather(*(each.wait() for each in began))
        await self.worker.run()

    def look(self) -> list[asyncio.Task[None]]:
        """A task for each look at the world; none of them ends by itself."""
        looks = [self.pulse.run(), *(each.run() for each in self.followings)]
        looks += [self.survey.run()] if self.survey is not None else []
        return [asyncio.create_task(each) for each in looks]


@dataclass(frozen=True, slots=True)
class _Followed:
    kind: Kind
    listener: Listener
    selector: str = ""
    keep: Callable[[Metadata], Metadata] = without_fields

    def following(self, api: Api, namespace: str | None) -> Following:
        return Following(
            api, self.kind, namespace, selector=self.selector, listener=self.listener, keep=self.keep
        )


async def run_operator(
    settings: OperatorSettings,
    *,
    connect: Callable[[], Connection],
    stop: asyncio.Event,
    on_listening: Callable[[int], None] = lambda _: None,
) -> None:
    """Run until `stop` is set, a signal comes, or something ends that must not.

    Args:
        settings: of the operator.
        connect: gives the connection to the API server.
        stop: ends the operator: what is being reconciled is left as it is.
        on_listening: is told the port of /metrics.

    Raises:
        CannotListen: the port cannot be had.
        PartEnded: Kopf or a worker ended by itself; start the process again.
    """
    parts = assemble(settings, connect=connect)
    workers: list[asyncio.Task[None]] = []
    app = application(parts.telemetry.registry, is_alive=lambda: parts.pulse.alive and not _ended(workers))
    runner = await serve(app, host=settings.host, port=settings.port, setting=PREFIX)
    workers += [asyncio.create_task(parts.work()) for _ in range(settings.workers)]
    workers += parts.look()
    try:
        on_listening(runner.addresses[0][1])
        await _until_one_ends(_watch(settings, parts.registry, stop), workers, stop=stop)
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
        await runner.cleanup()
        await parts.api.close()
        _LOG.info("stopped")


def assemble(settings: OperatorSettings, *, connect: Callable[[], Connection]) -> Parts:
    """The parts of an operator; nothing runs yet."""
    telemetry, cache, queue, sightings = Telemetry(), MonitorCache(), WorkQueue(), Sightings()
    telemetry.watching(cache)
    api = Api(connect, observer=telemetry)
    probe = CapabilityProbe(api)
    survey = _survey(settings, cache, queue)
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(login)
    plans = Plans(defaults(settings))
    watches = Watches(cache, queue, probe, keepers=(telemetry, plans))
    register(registry, watches, cluster_wide=not settings.namespaces)
    worker = Worker(
        reconciler=Reconciler(api, sightings, plans, survey),
        probe=probe,
        cache=cache,
        queue=queue,
        sightings=sightings,
        telemetry=telemetry,
        resync_s=settings.resync_s,
        recheck_s=settings.recheck_s,
    )
    pulse = Pulse(cache, api, namespaces=settings.namespaces, interval_s=settings.pulse_s)
    children = ChildWatch(cache, queue, sightings, probe)
    followed = (
        *(_Followed(kind, children, selector=OWN) for kind in KINDS),
        _Followed(DEPLOYMENT, ScaleWatch(cache, queue)),
        _Followed(INFERENCE_SERVICE, ServiceWatch(cache, queue, probe), keep=logger_fields),
    )
    followings = tuple(
        each.following(api, namespace) for namespace in settings.namespaces or (None,) for each in followed
    )
    return Parts(api, registry, telemetry, worker, pulse, followings, survey)


def _survey(settings: OperatorSettings, cache: MonitorCache, queue: WorkQueue) -> Survey | None:
    if not settings.prometheus_url:
        return None
    client = PrometheusClient(settings.prometheus_url, namespaces=settings.namespaces)
    return Survey(client, cache=cache, queue=queue, interval_s=settings.survey_s)


def defaults(settings: OperatorSettings) -> Defaults:
    """What the settings say about objects."""
    return Defaults(
        job_image=settings.job_image,
        image_pull_secrets=settings.image_pull_secrets,
        database_secret=settings.database_secret,
        database_key=settings.database_key,
        mlflow_uri=settings.mlflow_uri,
        prometheus_labels=settings.prometheus_labels,
        collector_url=settings.collector_url,
        dashboards={} if settings.dashboards is None else read_dashboards(settings.dashboards),
        dashboard_labels=settings.dashboard_labels,
    )


def _watch(
    settings: OperatorSettings, registry: kopf.OperatorRegistry, stop: asyncio.Event
) -> Coroutine[Any, Any, None]:
    return kopf.operator(
        registry=registry,
        settings=kopf_settings(cluster_wide=not settings.namespaces),
        clusterwide=not settings.namespaces,
        namespaces=settings.namespaces,
        standalone=True,
        stop_flag=stop,
    )


def _ended(tasks: Sequence[asyncio.Task[None]]) -> bool:
    return any(task.done() for task in tasks)


async def _until_one_ends(
    watching: Coroutine[Any, Any, None], workers: Sequence[asyncio.Task[None]], *, stop: asyncio.Event
) -> None:
    watch = asyncio.create_task(watching)
    ended, _ = await asyncio.wait([watch, *workers], return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    await asyncio.wait([watch])
    for task in (watch, *ended):
        error = None if task.cancelled() else task.exception()
        if error is not None:
            raise PartEnded(f"A part of the operator ended by itself: {error}") from error
