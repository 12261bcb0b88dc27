"""The CronJob that makes the regular report of a monitor: the review of the week."""

from __future__ import annotations

from typing import Final

from controller.desired.cron_job import LATEST_START, failure_policy
from controller.desired.defaults import Defaults
from controller.desired.job_pod import REPORT, task_pod
from controller.desired.metadata import TASK_LABEL, child, own_labels
from controller.desired.names import task_job_name
from controller.manifest import CRON_JOB, Desired
from modelmonitor.api.v1alpha1 import ModelMonitor

_COMMAND: Final = ("python", "-m", "modelmonitor.cli.regular_report")
_DEADLINE_S: Final = 1800
_TRIES: Final = 2


def report_job(monitor: ModelMonitor, defaults: Defaults) -> Desired:
    """The CronJob of the report, suspended with the checks: a week without them has nothing to review."""
    job = {
        "activeDeadlineSeconds": _DEADLINE_S,
        "backoffLimit": _TRIES,
        "podFailurePolicy": failure_policy(REPORT),
        "template": task_pod(monitor, defaults, name=REPORT, command=_COMMAND),
    }
    spec = {
        "schedule": monitor.spec.report.schedule,
        "timeZone": monitor.spec.report.time_zone,
        "concurrencyPolicy": "Forbid",
        "suspend": monitor.spec.suspend,
        "startingDeadlineSeconds": LATEST_START,
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {
            "metadata": {"labels": {**own_labels(monitor), TASK_LABEL: REPORT}},
            "spec": job,
        },
    }
    name = task_job_name(monitor.metadata.name, REPORT)
    return child(CRON_JOB, monitor, body={"spec": spec}, name=name)
