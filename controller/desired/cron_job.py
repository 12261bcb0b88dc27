"""The CronJob of a check."""

from __future__ import annotations

from typing import Any, Final

from controller.desired.defaults import Defaults
from controller.desired.job_pod import DRIFT, job_pod
from controller.desired.metadata import child, own_labels
from controller.desired.names import check_job_name
from controller.manifest import CRON_JOB, Desired
from modelmonitor.api.checks import Check
from modelmonitor.api.durations import parse_duration
from modelmonitor.api.v1alpha1 import ModelMonitor

LATEST_START: Final = 600
"""Seconds after which a missed start is given up; keeps the controller from counting 100 missed ones."""


def check_job(monitor: ModelMonitor, check: Check, *, defaults: Defaults) -> Desired:
    """The CronJob that runs one check on its schedule."""
    deadline = parse_duration(monitor.spec.job.active_deadline)
    job = {
        "activeDeadlineSeconds": int(deadline.total_seconds()),
        "backoffLimit": monitor.spec.job.backoff_limit,
        "podFailurePolicy": failure_policy(DRIFT),
        "template": job_pod(monitor, defaults, check=check.name),
    }
    spec = {
        "schedule": check.schedule,
        "timeZone": check.time_zone,
        "concurrencyPolicy": "Forbid",
        "suspend": monitor.spec.suspend,
        "startingDeadlineSeconds": LATEST_START,
        # Finished jobs tell the operator whether the last run failed, so one of each outcome must stay.
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": 1,
        "jobTemplate": {"metadata": {"labels": own_labels(monitor, check=check.name)}, "spec": job},
    }
    name = check_job_name(monitor.metadata.name, check.name)
    return child(CRON_JOB, monitor, body={"spec": spec}, name=name, check=check.name)


def failure_policy(container: str) -> dict[str, Any]:
    """What only a person can correct (exit code 2) is not tried again; an eviction costs no try."""
    evicted = {"type": "DisruptionTarget", "status": "True"}
    bad_input = {"containerName": container, "operator": "In", "values": [2]}
    return {
        "rules": [
            {"action": "FailJob", "onExitCodes": bad_input},
            {"action": "Ignore", "onPodConditions": [evicted]},
        ]
    }
