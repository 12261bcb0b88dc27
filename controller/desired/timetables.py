"""Since when a result of each check can be expected: since it runs as it does now."""

from __future__ import annotations

from datetime import datetime

from modelmonitor.api.checks import Check
from modelmonitor.api.history import TimetableStatus
from modelmonitor.api.status import ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor


def timetables(
    monitor: ModelMonitor, before: ModelMonitorStatus, *, now: datetime
) -> tuple[TimetableStatus, ...]:
    """When checks run, and since when they do; none of a suspended monitor, whose checks do not run.

    Args:
        monitor: the monitor.
        before: the status so far, which keeps the beginning of what has not changed.
        now: the present, UTC.
    """
    if monitor.spec.suspend:
        return ()
    known = {each.name: each for each in before.timetables}
    begun = _begun(monitor, before, now=now)
    return tuple(_timetable(check, known.get(check.name), begun=begun) for check in monitor.spec.checks)


def _timetable(check: Check, known: TimetableStatus | None, *, begun: datetime) -> TimetableStatus:
    fresh = TimetableStatus(
        name=check.name, type=check.type, schedule=check.schedule, time_zone=check.time_zone, since=begun
    )
    same = known is not None and known.model_copy(update={"since": begun}) == fresh
    return known if known is not None and same else fresh


def _begun(monitor: ModelMonitor, before: ModelMonitorStatus, *, now: datetime) -> datetime:
    # An earlier version of the operator kept no timetables: a spec that it acted on runs for a while.
    unchanged = before.observed_generation == monitor.metadata.generation and not before.timetables
    created = monitor.metadata.creation_timestamp if unchanged else None
    return created or now.replace(microsecond=0)
