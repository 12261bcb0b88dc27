"""Tell what holds of a monitor: its status, and events where a condition flips."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from controller.cluster.errors import ClusterError, ObjectChanged
from controller.desired.events import event, flips
from controller.manifest import EVENT, MONITOR, ObjectKey
from controller.reconcile.needs import Cluster
from modelmonitor.api.conditions import Condition
from modelmonitor.api.field_managers import job_manager
from modelmonitor.api.status import ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor

_LOG = logging.getLogger("controller.reconcile")
# What drift jobs write is theirs: an operator that sent it too would own it and freeze it.
_OF_JOBS: Final = frozenset({"checks", "reference"})


async def tell(
    monitor: ModelMonitor,
    before: Sequence[Condition],
    after: Sequence[Condition],
    *,
    now: datetime,
    cluster: Cluster,
) -> None:
    """Post an event for each condition that became a fault or ceased to be one.

    Args:
        monitor: whom they are about.
        before: its conditions until now.
        after: its conditions from now on.
        now: the present, UTC.
        cluster: the API server.
    """
    for condition in flips(before, after):
        try:
            await cluster.create(EVENT, event(monitor, condition, before=before, now=now))
        except ObjectChanged:
            continue  # told before an earlier attempt failed
        except ClusterError as error:
            # An event is a courtesy: the condition says the same and must still be written.
            _LOG.warning("event_not_posted", extra={"monitor": monitor.metadata.name, "error": str(error)})


async def write_status(
    key: ObjectKey,
    before: ModelMonitorStatus,
    after: ModelMonitorStatus,
    *,
    uid: str | None,
    cluster: Cluster,
) -> str | None:
    """Write the status without what drift jobs write, if it differs; the monitor's new resourceVersion.

    Raises:
        ClusterError: the API server refuses or does not answer.
    """
    desired = _ours(after)
    if desired == _ours(before):
        return None
    manifest = {
        "apiVersion": MONITOR.api_version,
        "kind": MONITOR.name,
        # With the uid a monitor of the same name that was made since is not told about this one.
        "metadata": {"name": key.name, "namespace": key.namespace, "uid": uid},
        "status": desired,
    }
    return await cluster.apply(MONITOR, manifest, subresource="/status")


async def forget_removed_checks(
    monitor: ModelMonitor, before: ModelMonitorStatus, *, cluster: Cluster
) -> None:
    """Take results of checks that are no longer in the spec out of the status.

    Nothing reads them, but the list is bounded: with every renamed check it would fill up.
    """
    kept = {check.name for check in monitor.spec.checks}
    key = ObjectKey(monitor.namespace, monitor.metadata.name)
    for name in sorted({result.name for result in before.checks} - kept):
        await cluster.withdraw(MONITOR, key, manager=job_manager(name), subresource="/status")


def _ours(status: ModelMonitorStatus) -> dict[str, Any]:
    return {name: value for name, value in status.to_manifest().items() if name not in _OF_JOBS}
