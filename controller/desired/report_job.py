"""The CronJob that makes the regular report of a monitor: the review of the week."""

from __future__ import annotations

from typing import Final

from controller.desired.defaults import Defaults
from controller.desired.job_pod import REPORT
from controller.desired.task_job import Timetable, task_job
from controller.manifest import Desired
from modelmonitor.api.v1alpha1 import ModelMonitor

_COMMAND: Final = ("python", "-m", "modelmonitor.cli.regular_report")


def report_job(monitor: ModelMonitor, defaults: Defaults) -> Desired:
    """The CronJob of the report, suspended with the checks: a week without them has nothing to review."""
    wanted = monitor.spec.report
    when = Timetable(wanted.schedule, wanted.time_zone, suspend=monitor.spec.suspend)
    return task_job(monitor, defaults, name=REPORT, command=_COMMAND, when=when)
