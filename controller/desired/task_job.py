"""The CronJob of a task that is no check: it works for a monitor and writes no verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from controller.desired.cron_job import LATEST_START, failure_policy
from controller.desired.defaults import Defaults
from controller.desired.job_pod import task_pod
from controller.desired.metadata import TASK_LABEL, child, own_labels
from controller.desired.names import task_job_name
from controller.manifest import CRON_JOB, Desired
from modelmonitor.api.v1alpha1 import ModelMonitor

_DEADLINE_S: Final = 1800
_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Timetable:
    """When a task runs.

    Attributes:
        schedule: as cron writes it.
        time_zone: of the schedule, an IANA name.
        suspend: whether it rests.
    """

    schedule: str
    time_zone: str
    suspend: bool


def task_job(
    monitor: ModelMonitor, defaults: Defaults, *, name: str, command: Sequence[str], when: Timetable
) -> Desired:
    """The CronJob of a task.

    Args:
        monitor: the monitor that it works for.
        defaults: settings of the installation.
        name: of the task.
        command: what its pod runs.
        when: its timetable.
    """
    job = {
        "activeDeadlineSeconds": _DEADLINE_S,
        "backoffLimit": _TRIES,
        "podFailurePolicy": failure_policy(name),
        "template": task_pod(monitor, defaults, name=name, command=command),
    }
    spec = {
        "schedule": when.schedule,
        "timeZone": when.time_zone,
        "concurrencyPolicy": "Forbid",
        "suspend": when.suspend,
        "startingDeadlineSeconds": LATEST_START,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {"metadata": {"labels": {**own_labels(monitor), TASK_LABEL: name}}, "spec": job},
    }
    return child(CRON_JOB, monitor, body={"spec": spec}, name=task_job_name(monitor.metadata.name, name))
