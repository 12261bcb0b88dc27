"""Set KServe's logger where a monitor asks for it, and take it back where none does any more."""

from __future__ import annotations

from collections.abc import Collection

from controller.cluster.errors import ObjectChanged, ObjectMissing, ObjectRejected
from controller.cluster.rivalry import Rivalry
from controller.cluster.serving import serving_facts
from controller.desired.capture import capture, left_behind, not_allowed, refused
from controller.manifest import INFERENCE_SERVICE, MONITOR, ObjectKey
from controller.observation import TargetFacts
from controller.reconcile.needs import Cluster
from modelmonitor.api.conditions import Condition
from modelmonitor.api.field_managers import LEFT_BEHIND, capture_manager
from modelmonitor.api.v1alpha1 import ModelMonitor


async def bring_logger(
    monitor: ModelMonitor,
    target: TargetFacts,
    *,
    held: Collection[str],
    collector_url: str,
    cluster: Cluster,
    rivalry: Rivalry,
) -> Condition | None:
    """Make the logger as the spec asks; what is told of it, None for a monitor that asks for none.

    Args:
        monitor: the monitor.
        target: what is known of its InferenceService.
        held: InferenceServices whose logger the monitor holds, as the watch last told.
        collector_url: where predictions are sent.
        cluster: the API server.
        rivalry: knows how long to wait if another operator sends it elsewhere.

    Raises:
        TryLater: the API server does not answer.
    """
    wanted = capture(monitor, target, collector_url=collector_url)
    key = ObjectKey(monitor.namespace, monitor.metadata.name)
    try:
        await _let_go(key, set(held) - {wanted.wanted}, cluster=cluster)
        if wanted.manifest is None:
            return wanted.condition
        item = (INFERENCE_SERVICE, ObjectKey(key.namespace, wanted.wanted or ""), key.name)
        rivalry.before_write(item, digest=collector_url)
        await cluster.ask_for(INFERENCE_SERVICE, wanted.manifest, manager=capture_manager(key.name))
    except (ObjectChanged, ObjectMissing) as error:
        return refused("", str(error))
    except ObjectRejected as error:
        return not_allowed(str(error))
    rivalry.wrote(item, digest=collector_url)
    return wanted.condition


async def release_loggers(key: ObjectKey, held: Collection[str], *, cluster: Cluster) -> bool:
    """Take back the loggers of a monitor that is gone; False if it is there after all.

    Raises:
        ClusterError: the API server does not answer or refuses.
    """
    try:
        await cluster.get(MONITOR, key.namespace, key.name)
    except ObjectMissing:
        await _let_go(key, held, cluster=cluster)
        return True
    return False


async def _let_go(key: ObjectKey, services: Collection[str], *, cluster: Cluster) -> None:
    for name in sorted(services):
        service = ObjectKey(key.namespace, name)
        try:
            found = serving_facts(await cluster.get(INFERENCE_SERVICE, key.namespace, name))
            rest = left_behind(service, uid=found.uid, logger=found.logger)
            if rest is not None:
                await cluster.ask_for(INFERENCE_SERVICE, rest, manager=LEFT_BEHIND)
            manager = capture_manager(key.name)
            await cluster.withdraw(INFERENCE_SERVICE, service, manager=manager, uid=found.uid)
        except (ObjectMissing, ObjectChanged):
            continue  # it is gone, and the logger with it
