"""The CronJob that keeps a monitor's predictions within spec.retention, and their hourly sums current."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from controller.desired.cron_job import LATEST_START, failure_policy
from controller.desired.defaults import Defaults
from controller.desired.job_pod import UPKEEP, task_pod
from controller.desired.metadata import TASK_LABEL, child, own_labels
from controller.desired.names import task_job_name
from controller.manifest import CRON_JOB, Desired
from modelmonitor.api.v1alpha1 import ModelMonitor

_COMMAND: Final = ("python", "-m", "modelmonitor.job.upkeep")
_DEADLINE_S: Final = 1800
_TRIES: Final = 2
_HOURS: Final = 6


def upkeep_job(monitor: ModelMonitor, defaults: Defaults) -> Desired:
    """The CronJob of the upkeep, once a night at a minute of the monitor's own; also while it is suspended.

    What is kept of people must not depend on whether somebody watches the model.
    """
    labels = {**own_labels(monitor), TASK_LABEL: UPKEEP}
    job = {
        "activeDeadlineSeconds": _DEADLINE_S,
        "backoffLimit": _TRIES,
        "podFailurePolicy": failure_policy(UPKEEP),
        "template": task_pod(monitor, defaults, name=UPKEEP, command=_COMMAND),
    }
    spec = {
        "schedule": _schedule(monitor),
        "timeZone": "Etc/UTC",
        "concurrencyPolicy": "Forbid",
        "suspend": False,
        "startingDeadlineSeconds": LATEST_START,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {"metadata": {"labels": labels}, "spec": job},
    }
    name = task_job_name(monitor.metadata.name, UPKEEP)
    return child(CRON_JOB, monitor, body={"spec": spec}, name=name)


def _schedule(monitor: ModelMonitor) -> str:
    # All monitors in the same minute would be a wave of pods and of statements.
    digest = sha256(f"{monitor.namespace}/{monitor.metadata.name}".encode()).digest()
    return f"{digest[0] % 60} {digest[1] % _HOURS} * * *"
