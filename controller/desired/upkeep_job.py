"""The CronJob that keeps a monitor's predictions within spec.retention, and their hourly sums current."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from controller.desired.defaults import Defaults
from controller.desired.job_pod import UPKEEP
from controller.desired.task_job import Timetable, task_job
from controller.manifest import Desired
from modelmonitor.api.v1alpha1 import ModelMonitor

_COMMAND: Final = ("python", "-m", "modelmonitor.job.upkeep")
_HOURS: Final = 6


def upkeep_job(monitor: ModelMonitor, defaults: Defaults) -> Desired:
    """The CronJob of the upkeep, once a night at a minute of the monitor's own; also while it is suspended.

    What is kept of people must not depend on whether somebody watches the model.
    """
    when = Timetable(_schedule(monitor), "Etc/UTC", suspend=False)
    return task_job(monitor, defaults, name=UPKEEP, command=_COMMAND, when=when)


def _schedule(monitor: ModelMonitor) -> str:
    # All monitors in the same minute would be a wave of pods and of statements.
    digest = sha256(f"{monitor.namespace}/{monitor.metadata.name}".encode()).digest()
    return f"{digest[0] % 60} {digest[1] % _HOURS} * * *"
