"""The supervisor's loop: keep the predictor alive, run due checks, keep the database in shape."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from modelmonitor.api.checks import Check
from modelmonitor.api.durations import parse_duration
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.local.errors import ProcessFailed
from modelmonitor.local.process import log_tail
from modelmonitor.local.scheduled import run_check
from modelmonitor.local.scheduler import due
from modelmonitor.local.stack import Stack
from modelmonitor.local.upkeep import INTERVAL, keep_up
from modelmonitor.store.errors import StoreError

_POLL_S = 1.0


def watch(stack: Stack, monitor: ModelMonitor, *, monitor_file: Path, say: Callable[[str], object]) -> None:
    """Run until interrupted.

    Raises:
        ProcessFailed: the predictor ended; the message holds the end of its log.
    """
    started = datetime.now(UTC)
    last_run: dict[str, datetime] = {}
    kept_up = started - INTERVAL
    while True:
        now = datetime.now(UTC)
        _require_predictor(stack)
        if now - kept_up >= INTERVAL:
            _keep_up(stack, monitor, now=now, say=say)
            kept_up = now
        for name in _due(monitor, monitor.spec.checks, last_run=last_run, since=started, now=now):
            last_run[name] = now
            _run(stack, name, monitor_file=monitor_file, say=say)
        time.sleep(_POLL_S)


def _due(
    monitor: ModelMonitor,
    checks: Sequence[Check],
    *,
    last_run: dict[str, datetime],
    since: datetime,
    now: datetime,
) -> tuple[str, ...]:
    return () if monitor.spec.suspend else due(checks, last_run=last_run, since=since, now=now)


def _require_predictor(stack: Stack) -> None:
    predictor = stack.predictor
    if predictor is not None and not predictor.running:
        msg = f"the predictor ended; its log {predictor.log} ends with:\n{log_tail(predictor.log)}"
        raise ProcessFailed(msg)


def _keep_up(stack: Stack, monitor: ModelMonitor, *, now: datetime, say: Callable[[str], object]) -> None:
    try:
        keep_up(stack.database_url, now=now, retention=parse_duration(monitor.spec.retention))
    except StoreError as error:
        say(f"upkeep of the database failed and is tried again in an hour: {error}")


def _run(stack: Stack, check: str, *, monitor_file: Path, say: Callable[[str], object]) -> None:
    say(f"{datetime.now(UTC):%H:%M} running check {check} …")
    outcome = run_check(
        check,
        monitor_file=monitor_file,
        addresses=stack.addresses,
        data_dir=stack.settings.data_dir,
        environment=stack.environment({}),
    )
    for sentence in outcome.sentences:
        say(sentence)
    if outcome.report:
        say(f"report: {outcome.report}")
