"""Tell what holds of a monitor: its status, and events where a condition flips."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from controller.cluster.errors import (
    ClusterError,
    ObjectChanged,
    ObjectMissing,
    SchemaOutdated,
)
from controller.cluster.rivalry import Rivalry
from controller.desired.events import event, flips
from controller.desired.object_conditions import outdated
from controller.manifest import EVENT, MONITOR, Failure, ObjectKey, digest
from controller.reconcile.needs import Cluster
from modelmonitor.api.conditions import Condition, set_condition
from modelmonitor.api.field_managers import job_manager
from modelmonitor.api.status import ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor

_LOG = logging.getLogger("controller.reconcile")
# What drift jobs write is theirs: an operator that sent it too would own it and freeze it.
_OF_JOBS: Final = frozenset({"checks", "reference"})


@dataclass(frozen=True, slots=True)
class Subject:
    """The monitor of which something is told.

    Attributes:
        uid: its identity: a monitor of the same name that was made since is not told about this one.
        before: its status until now.
        now: the present, UTC.
    """

    key: ObjectKey
    uid: str
    before: ModelMonitorStatus
    now: datetime


@dataclass(frozen=True, slots=True)
class Told:
    """What came of writing a status.

    Attributes:
        status: that holds; not all of it is written where the CRD is older than we are.
        version: the monitor's new resourceVersion; None if nothing was written.
        failures: why not all was written.
    """

    status: ModelMonitorStatus
    version: str | None = None
    failures: tuple[Failure, ...] = ()


async def tell(subject: Subject, status: ModelMonitorStatus, *, cluster: Cluster, rivalry: Rivalry) -> Told:
    """Post an event for each condition that became a fault or ceased to be one, and write the status.

    Args:
        subject: whom they are about.
        status: what holds now.
        cluster: the API server.
        rivalry: knows how long to wait if somebody keeps changing it back.

    Raises:
        ObjectMissing: the monitor is gone.
    """
    await _post_events(subject, status.conditions, cluster=cluster)
    if _ours(status) == _ours(subject.before):
        return Told(status)
    try:
        return Told(status, await _write(subject, _ours(status), cluster=cluster, rivalry=rivalry))
    except SchemaOutdated as error:
        return await _write_what_is_known(subject, status, error, cluster=cluster, rivalry=rivalry)
    except ObjectMissing:
        raise
    except ClusterError as error:
        # The gauges can still tell what the status cannot.
        return Told(status, failures=(_failure(subject, error),))


async def _post_events(subject: Subject, after: Sequence[Condition], *, cluster: Cluster) -> None:
    before = subject.before.conditions
    for condition in flips(before, after):
        posted = event(subject.key, condition, uid=subject.uid, before=before, now=subject.now)
        try:
            await cluster.create(EVENT, posted)
        except ObjectChanged:
            continue  # told before an earlier attempt failed
        except ClusterError as error:
            # An event is a courtesy: the condition says the same and must still be written.
            _LOG.warning("event_not_posted", extra={"monitor": str(subject.key), "error": str(error)})


async def _write_what_is_known(
    subject: Subject,
    status: ModelMonitorStatus,
    error: SchemaOutdated,
    *,
    cluster: Cluster,
    rivalry: Rivalry,
) -> Told:
    ready = outdated(error.fields)
    known = status.model_copy(update={"conditions": set_condition(status.conditions, ready, now=subject.now)})
    fields = {name: value for name, value in _ours(known).items() if name not in error.fields}
    try:
        version = await _write(subject, fields, cluster=cluster, rivalry=rivalry)
    except ObjectMissing:
        raise
    except ClusterError as again:
        return Told(known, failures=(_failure(subject, again),))
    return Told(known, version, failures=(Failure(MONITOR, subject.key.name, ready.message),))


async def _write(subject: Subject, fields: dict[str, Any], *, cluster: Cluster, rivalry: Rivalry) -> str:
    item = (MONITOR, subject.key)
    rivalry.before_write(item, digest=_content(fields))
    metadata = {"name": subject.key.name, "namespace": subject.key.namespace, "uid": subject.uid}
    head = {"apiVersion": MONITOR.api_version, "kind": MONITOR.name, "metadata": metadata}
    version = await cluster.apply(MONITOR, {**head, "status": fields}, subresource="/status")
    rivalry.wrote(item, digest=_content(fields), version=version)
    return version


def _failure(subject: Subject, error: ClusterError) -> Failure:
    return Failure(MONITOR, f"{subject.key.name}/status", str(error), error.after_s)


def _content(fields: dict[str, Any]) -> str:
    # With two writers the times of transition are others in each write.
    conditions = [{**each, "lastTransitionTime": None} for each in fields.get("conditions", ())]
    return digest({**fields, "conditions": conditions})


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
