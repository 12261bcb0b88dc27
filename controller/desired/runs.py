"""Whether what a check last said can still be believed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from controller.desired.timetables import timetables
from controller.observation import JobFact, Observation
from modelmonitor.api.checks import Check
from modelmonitor.api.status import CheckStatus, DriftSeverity, ModelMonitorStatus
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.schedules import longest_gap

# As the alert ModelDriftRunStale: two runs missed, and a little time for the run itself.
STALE_AFTER_GAPS: Final = 2
GRACE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class CheckState:
    """A check with its last result and its last job.

    Attributes:
        result: what the last run wrote; None before the first.
        job: the newest finished job; None if there is none.
        interval: the longest time between two runs.
        waiting_since: when the last result came, or the check began to run as it does now, if that was later.
        stale: whether results are overdue.
        stale_at: when they will be if none comes; None where none is expected.
        recent: whether the last result is as young as the schedule promises; always where none is expected.
    """

    check: Check
    result: CheckStatus | None
    job: JobFact | None
    interval: timedelta
    waiting_since: datetime
    stale: bool
    stale_at: datetime | None = None
    recent: bool = True

    @property
    def failed(self) -> bool:
        """Whether the newest job failed; a failure from before the last result counts no more."""
        if self.job is None or not self.job.failed:
            return False
        result = None if self.result is None else self.result.last_run_time
        return result is None or self.job.finished_at > result

    @property
    def trouble(self) -> str | None:
        """Why no new result came, in a sentence; None if all is well."""
        name = self.check.name
        if self.failed and self.job is not None:
            return (
                f"The last run of {name} failed (job {self.job.name}): {self.job.message or 'see its log'}."
            )
        if self.stale:
            return f"{name} has had no result since {self.waiting_since:%Y-%m-%dT%H:%M:%SZ}."
        return None

    @property
    def doubt(self) -> str | None:
        """Why the last result may hold no longer, in a sentence; None if it is fresh or there is none."""
        last = None if self.result is None else self.result.last_run_time
        if self.trouble or last is None or self.recent:
            return self.trouble
        return f"The last result of {self.check.name} is of {last:%Y-%m-%dT%H:%M:%SZ}; the next is awaited."

    @property
    def drifts(self) -> bool:
        """Whether an episode of drift is open: one quiet run does not end it, an extra look opens none."""
        if self.result is None:
            return False
        # Jobs of earlier versions know no episodes, and no `look` either: then the verdict says it.
        of_verdict = self.result.look is None and self.result.verdict == "Drift"
        return self.result.episode is not None or of_verdict

    @property
    def severity(self) -> DriftSeverity | None:
        """How bad the drift is: the worst of its episode; None without drift."""
        if self.result is None or not self.drifts:
            return None
        return self.result.episode.severity if self.result.episode is not None else self.result.severity

    @property
    def concluded(self) -> bool:
        """Whether the last result is a verdict, and a recent one."""
        quiet = self.result is not None and self.result.verdict == "NoDrift"
        return (quiet or self.drifts) and not self.doubt


def check_states(
    monitor: ModelMonitor, status: ModelMonitorStatus, *, observation: Observation, now: datetime
) -> tuple[CheckState, ...]:
    """The state of every check of the spec.

    Results of checks that are no longer in it are left out, and so are those of an earlier check that had the
    same name and another type.
    """
    results = {result.name: result for result in status.checks}
    begun = {each.name: each.since for each in timetables(monitor, status, now=now)}
    return tuple(
        _state(
            check,
            result=_of_type(check, results.get(check.name)),
            job=observation.last_job(check.name),
            begun=begun.get(check.name),
            now=now,
        )
        for check in monitor.spec.checks
    )


def next_stale(states: Sequence[CheckState]) -> datetime | None:
    """When the next of the checks that are not stale becomes so; None if none can."""
    return min((state.stale_at for state in states if state.stale_at and not state.stale), default=None)


def _of_type(check: Check, result: CheckStatus | None) -> CheckStatus | None:
    return None if result is None or result.type not in (None, check.type) else result


def _state(
    check: Check, *, result: CheckStatus | None, job: JobFact | None, begun: datetime | None, now: datetime
) -> CheckState:
    interval = longest_gap(check.schedule)
    patience = STALE_AFTER_GAPS * interval + GRACE
    last = None if result is None else result.last_run_time
    since = max(filter(None, (last, begun)), default=now)
    stale_at = None if begun is None else since + patience
    return CheckState(
        check,
        result,
        job,
        interval=interval,
        waiting_since=since,
        stale=stale_at is not None and now > stale_at,
        stale_at=stale_at,
        # Of a check that was resumed or changed, the last result may be old without being overdue.
        recent=begun is None or last is None or now <= last + patience,
    )
