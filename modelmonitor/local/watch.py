"""The supervisor's loop: keep every process alive, run due checks, keep the database in shape."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from modelmonitor.api.durations import parse_duration
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.local.alerts import watch as alerts
from modelmonitor.local.restarts import KeepAlive
from modelmonitor.local.scheduled import CheckOutcome, RunningCheck, start_check
from modelmonitor.local.scheduler import due
from modelmonitor.local.stack import Stack
from modelmonitor.local.upkeep import INTERVAL, keep_up
from modelmonitor.store.errors import StoreError

_POLL_S = 1.0


def watch(stack: Stack, monitor: ModelMonitor, *, monitor_file: Path, say: Callable[[str], object]) -> None:
    """Run until interrupted; a process that ends is started again.

    Raises:
        ProcessFailed: a process ended again and again; the message holds the end of its log.
    """
    alive = KeepAlive(stack.services, say=say)
    started = datetime.now(UTC)
    kept_up, looked = started - INTERVAL, started - alerts.INTERVAL
    alerting = _alerting(stack, monitor, say=say, started=started)
    with Checks(stack, monitor, monitor_file=monitor_file, say=say, since=started) as checks:
        while True:
            now = datetime.now(UTC)
            alive.tick(now=now)
            if now - kept_up >= INTERVAL:
                _keep_up(stack, monitor, now=now, say=say)
                kept_up = now
            checks.tick(now=now)
            if now - looked >= alerts.INTERVAL:
                alerting.tick(now=now, failed=frozenset(checks.failed))
                looked = now
            time.sleep(_POLL_S)


class Checks:
    """Runs the checks that are due, one at a time and beside the loop; leaving the context ends a run.

    Args:
        stack: the running system.
        monitor: which checks there are and when they run.
        monitor_file: the same monitor as the drift job reads it.
        say: told verdicts, one a line.
        since: ticks before this time, in UTC, are not made up for.

    Attributes:
        failed: checks whose last run failed.
    """

    def __init__(
        self,
        stack: Stack,
        monitor: ModelMonitor,
        *,
        monitor_file: Path,
        say: Callable[[str], object],
        since: datetime,
    ) -> None:
        self._stack = stack
        self._spec = monitor.spec
        self._monitor_file = monitor_file
        self._say = say
        self._since = since
        self.failed: set[str] = set()
        self._last_run: dict[str, datetime] = {}
        self._running: RunningCheck | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def tick(self, *, now: datetime) -> None:
        """Tell the outcome of a run that has ended, or start the next check that is due at `now`."""
        if self._running is not None:
            self._finish(self._running)
        elif not self._spec.suspend:
            names = due(self._spec.checks, last_run=self._last_run, since=self._since, now=now)
            for name in names[:1]:
                self._start(name, now=now)

    def _start(self, check: str, *, now: datetime) -> None:
        self._say(f"{now:%H:%M} UTC: running check {check} …")
        self._last_run[check] = now
        self._running = self._open.enter_context(
            start_check(
                check,
                monitor_file=self._monitor_file,
                addresses=self._stack.addresses,
                data_dir=self._stack.settings.data_dir,
                environment=self._stack.environment({}),
            )
        )

    def _finish(self, running: RunningCheck) -> None:
        outcome = running.outcome()
        if outcome is None:
            return
        self._running = None
        self._open.close()
        self.failed.discard(outcome.check)
        if not outcome.succeeded:
            self.failed.add(outcome.check)
        _tell(outcome, say=self._say)


def _alerting(
    stack: Stack, monitor: ModelMonitor, *, say: Callable[[str], object], started: datetime
) -> alerts.AlertWatch:
    addresses, settings = stack.addresses, stack.settings
    receivers = {"the collector": f"{addresses.collector_url}/alerts"}
    if settings.alert_webhook is not None:
        receivers["the webhook"] = settings.alert_webhook.get_secret_value()
    return alerts.AlertWatch(
        monitor,
        sources=alerts.Sources(addresses.predictor_url, stack.database_url),
        receivers=receivers,
        data_dir=settings.data_dir,
        say=say,
        started=started,
    )


def _tell(outcome: CheckOutcome, *, say: Callable[[str], object]) -> None:
    for sentence in outcome.sentences:
        say(sentence)
    if outcome.report:
        say(f"report: {outcome.report}")


def _keep_up(stack: Stack, monitor: ModelMonitor, *, now: datetime, say: Callable[[str], object]) -> None:
    try:
        keep_up(stack.database_url, now=now, retention=parse_duration(monitor.spec.retention))
    except StoreError as error:
        say(f"upkeep of the database failed and is tried again in an hour: {error}")
