"""Everything that the quick check shows, asked of all sources at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from modelmonitor.cli.cluster_facts import alert_lines_of, check_lines_of, notes_of
from modelmonitor.cli.errors import CommandError
from modelmonitor.cli.model import AlertLine, CheckLine, SourceLine, Status
from modelmonitor.cli.places import Places
from modelmonitor.cli.sources.database import (
    WindowFacts,
    alerts_of,
    hourly_confidence,
    read_database,
    window_facts,
)
from modelmonitor.cli.sources.predictor import PredictorFacts, ask_predictor
from modelmonitor.cli.sources.prometheus import FiringAlert, LiveFacts, ask_prometheus, firing_alerts
from modelmonitor.cli.subjects import Subject
from modelmonitor.cli.verdicts import check_lines, latest_of_each
from modelmonitor.health import Measured, assess

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812  # psycopg2's class has a lower-case name

_HISTORY: Final = timedelta(days=14)
_MOST_ROWS: Final = 500
_TREND_HOURS: Final = 12


@dataclass(frozen=True, slots=True)
class Logged:
    """What the database knows of a monitor."""

    window: WindowFacts
    checks: tuple[CheckLine, ...]
    alerts: tuple[FiringAlert, ...]
    trend: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Live:
    """What Prometheus knows of a monitor."""

    facts: LiveFacts
    alerts: tuple[FiringAlert, ...]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Answers of the sources, None of those that do not answer, and a line about each source."""

    predictor: PredictorFacts | None
    live: Live | None
    logged: Logged | None
    sources: tuple[SourceLine, ...]


def gather(subject: Subject, places: Places, *, now: datetime, window: timedelta) -> Gathered:
    """Ask every source that has an address; none waits for another."""
    asked = _asks(subject, places, now=now, window=window)
    with ThreadPoolExecutor(max(1, len(asked))) as pool:
        running = {name: pool.submit(_timed, ask) for name, ask in asked.items()}
        answers = {name: _answer(name, future) for name, future in running.items()}
    found = {name: value for name, (value, _) in answers.items()}
    predictor, live, logged = found.get("predictor"), found.get("prometheus"), found.get("database")
    return Gathered(
        predictor=predictor if isinstance(predictor, PredictorFacts) else None,
        live=live if isinstance(live, Live) else None,
        logged=logged if isinstance(logged, Logged) else None,
        sources=tuple(line for _, line in answers.values()),
    )


def status_of(subject: Subject, places: Places, *, now: datetime, window: timedelta) -> Status:
    """The quick check of one monitor."""
    found = gather(subject, places, now=now, window=window)
    predictor, logged = found.predictor or PredictorFacts(), found.logged
    live = found.live.facts if found.live else LiveFacts()
    counted = logged.window if logged else None
    return Status(
        name=subject.name,
        namespace=subject.namespace,
        backend=places.backend,
        at=now,
        model=predictor.model or subject.deployment,
        version=predictor.version or str((subject.found.get("status") or {}).get("modelVersion", "")),
        window_hours=window.total_seconds() / 3600,
        total=counted.total if counted else _total(predictor),
        classes=counted.classes if counted else predictor.classes,
        newest=counted.newest if counted else None,
        rate=live.rate,
        health=assess(_measured(predictor, live, counted), subject.thresholds),
        checks=logged.checks if logged and logged.checks else check_lines_of(subject.found),
        alerts=_alerts(subject, found),
        next_runs=subject.next_runs(now),
        notes=notes_of(subject.found),
        trend=logged.trend if logged else (),
        sources=found.sources,
    )


def _asks(
    subject: Subject, places: Places, *, now: datetime, window: timedelta
) -> dict[str, Callable[[], object]]:
    low, limit = subject.thresholds.low_confidence_below, places.timeout_s
    asks: Mapping[str, tuple[str, Callable[[], object]]] = {
        "predictor": (
            places.predictor_url,
            lambda: ask_predictor(places.predictor_url, timeout_s=limit, low_confidence_below=low),
        ),
        "prometheus": (places.prometheus_url, lambda: _ask_prometheus(subject, places)),
        "database": (
            places.database_url,
            lambda: read_database(
                places.database_url,
                lambda conn: _read(conn, subject, now=now, window=window),
                timeout_s=limit,
            ),
        ),
    }
    return {name: ask for name, (address, ask) in asks.items() if address}


def _ask_prometheus(subject: Subject, places: Places) -> Live:
    url, limit = places.prometheus_url, places.timeout_s
    facts = ask_prometheus(
        url,
        matchers=subject.matchers,
        low_confidence_below=subject.thresholds.low_confidence_below,
        timeout_s=limit,
    )
    return Live(facts, firing_alerts(url, timeout_s=limit))


def _read(conn: Connection, subject: Subject, *, now: datetime, window: timedelta) -> Logged:
    from modelmonitor.store.results import list_results

    rows = list_results(
        conn,
        deployment_id=subject.deployment,
        namespace=subject.namespace,
        since=now - _HISTORY,
        limit=_MOST_ROWS,
    )
    return Logged(
        window=window_facts(
            conn,
            deployment=subject.deployment,
            start=now - window,
            end=now + timedelta(minutes=5),
            low_confidence_below=subject.thresholds.low_confidence_below,
        ),
        checks=latest_of_each(check_lines(rows)),
        alerts=tuple(each.alert for each in alerts_of(conn, start=now, end=now) if each.ended is None),
        trend=hourly_confidence(conn, deployment=subject.deployment, end=now, hours=_TREND_HOURS),
    )


def _timed(ask: Callable[[], object]) -> tuple[object, int, str]:
    began = time.monotonic()
    try:
        found, problem = ask(), ""
    except CommandError as error:
        found, problem = None, str(error)
    return found, round((time.monotonic() - began) * 1000), problem


def _answer(name: str, future: Future[tuple[object, int, str]]) -> tuple[object, SourceLine]:
    found, took_ms, problem = future.result()
    return found, SourceLine(name, answered=not problem, took_ms=took_ms, problem=problem)


def _measured(predictor: PredictorFacts, live: LiveFacts, counted: WindowFacts | None) -> Measured:
    logged = counted or WindowFacts({}, None, None, None)
    return Measured(
        confidence=_first(logged.confidence, live.confidence, predictor.confidence),
        low_confidence_share=_first(
            logged.low_confidence_share, live.low_confidence_share, predictor.low_confidence_share
        ),
        latency_p95=_first(live.latency_p95, predictor.latency_p95),
        error_rate=_first(live.error_rate, predictor.error_rate),
        model_loaded=predictor.loaded if predictor.loaded is not None else live.loaded,
    )


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _total(predictor: PredictorFacts) -> int | None:
    return sum(predictor.classes.values()) if predictor.classes else None


def _alerts(subject: Subject, found: Gathered) -> tuple[AlertLine, ...]:
    told = (*(found.live.alerts if found.live else ()), *(found.logged.alerts if found.logged else ()))
    lines = alert_lines_of(told, monitor=subject.name, namespace=subject.namespace)
    return tuple(sorted(lines, key=lambda line: (line.severity != "critical", line.since, line.name)))
