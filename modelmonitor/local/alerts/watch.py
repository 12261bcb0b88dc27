"""Looks every 15 seconds, keeps the states, and tells receivers until they have taken it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import httpx
import psycopg2

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.local.alerts import memory as kept
from modelmonitor.local.alerts.conditions import Measured, conditions
from modelmonitor.local.alerts.counters import History, read_counters
from modelmonitor.local.alerts.lifecycle import AlertState, evaluate
from modelmonitor.local.alerts.logged import Logged, read_logged
from modelmonitor.local.alerts.memory import Memory
from modelmonitor.local.alerts.message import message
from modelmonitor.rules.groups import custom_groups, monitor_alerts
from modelmonitor.store.connection import connect
from modelmonitor.store.errors import StoreError

INTERVAL: Final = timedelta(seconds=15)
_PATIENCE_S: Final = 2.0
# A receiver that never answers must not fill the disk.
_MOST_UNTOLD: Final = 1_000


@dataclass(frozen=True, slots=True)
class Sources:
    """What alerts are measured on: the predictor's address and the database's, which holds a password."""

    predictor_url: str
    database_url: str


def unjudged(monitor: ModelMonitor) -> tuple[str, ...]:
    """A sentence for each alert whose expression a person wrote: there is nothing here that reads PromQL."""
    return tuple(
        f"alert {alert} is not judged here: only Prometheus evaluates its expression (spec.alerts.overrides)"
        for alert in custom_groups(monitor)
    )


class AlertWatch:
    """Evaluates the alerts of one monitor.

    Args:
        monitor: its thresholds, overrides and disabled alerts.
        sources: where to look.
        receivers: addresses that take Alertmanager's messages, by a name for the log.
        data_dir: folder of the states.
        say: told what is not judged, what fires, what is resolved, and which receiver does not answer.
        started: when this system began to run.
    """

    def __init__(
        self,
        monitor: ModelMonitor,
        *,
        sources: Sources,
        receivers: Mapping[str, str],
        data_dir: Path,
        say: Callable[[str], object],
        started: datetime,
    ) -> None:
        self._monitor = monitor
        wanted = () if monitor.spec.suspend else monitor_alerts(monitor)
        self._rules = tuple(rule for rule in wanted if not rule.custom)
        self._sources = sources
        self._receivers = receivers
        self._data_dir = data_dir
        self._say = say
        self._started = started
        self._history = History()
        self._memory = kept.load(data_dir)
        self._silent: set[str] = set()
        for sentence in unjudged(monitor):
            say(sentence)

    def tick(self, *, now: datetime, failed: frozenset[str]) -> None:
        """Evaluate every alert once and tell what is new.

        Args:
            now: the present, UTC.
            failed: checks whose last run failed.
        """
        measured = self._measure(now=now, failed=failed)
        step = evaluate(self._memory.states, self._rules, conditions(measured, self._monitor), now=now)
        for each in step.news:
            self._say(_sentence(each))
        untold = {name: self._queue(name, step.news) for name in self._receivers}
        if (step.states, untold) != (self._memory.states, self._memory.untold):
            self._remember(Memory(step.states, untold))
        self._deliver()

    def _measure(self, *, now: datetime, failed: frozenset[str]) -> Measured:
        reachable = True
        try:
            page = httpx.get(f"{self._sources.predictor_url}/metrics", timeout=_PATIENCE_S)
            self._history = self._history.with_look(read_counters(page.raise_for_status().text, at=now))
        except (httpx.HTTPError, ValueError):
            reachable = False
        return Measured(
            now=now,
            reachable=reachable,
            history=self._history,
            logged=self._logged(now=now),
            failed=failed,
            waiting_since=self._started,
        )

    def _logged(self, *, now: datetime) -> Logged | None:
        try:
            with closing(connect(self._sources.database_url, application_name="modelmonitor-alerts")) as conn:
                with conn, conn.cursor() as cursor:
                    cursor.execute("SET statement_timeout = %s", (int(_PATIENCE_S * 1000),))
                return read_logged(conn, self._monitor, now=now)
        except (StoreError, psycopg2.Error):
            # Its own alert tells that the database is down; nothing else is known then.
            return None

    def _queue(self, receiver: str, news: tuple[AlertState, ...]) -> tuple[AlertState, ...]:
        return (*self._memory.untold.get(receiver, ()), *news)[-_MOST_UNTOLD:]

    def _remember(self, memory: Memory) -> None:
        self._memory = memory
        try:
            kept.save(memory, self._data_dir)
        except OSError as error:
            self._say(f"alerts are not kept over a restart ({error.strerror}): make room in {self._data_dir}")

    def _deliver(self) -> None:
        untold = dict(self._memory.untold)
        for name, url in self._receivers.items():
            if untold.get(name) and self._taken(name, url, untold[name]):
                untold[name] = ()
        if untold != self._memory.untold:
            self._remember(replace(self._memory, untold=untold))

    def _taken(self, name: str, url: str, news: tuple[AlertState, ...]) -> bool:
        try:
            content = message(news, source=f"{self._sources.predictor_url}/metrics")
            httpx.post(url, json=content, timeout=_PATIENCE_S).raise_for_status()
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if name not in self._silent:
                self._say(f"{name} does not take alerts ({_reason(error)}): they are sent until it does")
            self._silent.add(name)
            return False
        self._silent.discard(name)
        return True


def _sentence(state: AlertState) -> str:
    alert = state.alert
    what = "fires" if state.resolved_at is None else "is resolved"
    return f"alert {alert.alertname} ({alert.severity}) {what}: {alert.annotations['summary']}"


def _reason(error: Exception) -> str:
    # The address may hold a secret, so only what came back is told.
    if isinstance(error, httpx.HTTPStatusError):
        return f"it answers {error.response.status_code}"
    return type(error).__name__
