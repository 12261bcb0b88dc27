"""Which alerts hold: the conditions of the Prometheus rules, on what is measured on one machine; pure.

Each condition here stands for the PromQL of the rule of the same name in modelmonitor.rules, from which
severity, `for`, overrides and texts are taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from modelmonitor.api.durations import parse_duration
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.estimate.confidence_sequence import proportion
from modelmonitor.local.alerts.counters import History
from modelmonitor.local.alerts.logged import Logged
from modelmonitor.rules.schedules import longest_gap

# Of several replicas, of 30 days of requests, and of the operator: one machine has none of them.
NOT_HERE: Final = (
    "ModelReplicaNotLoaded",
    "ModelErrorBudgetBurn",
    "ModelMonitorReconcileFailing",
    "ModelMonitorOperatorDown",
)
_FIVE_MINUTES: Final = timedelta(minutes=5)
_TEN_MINUTES: Final = timedelta(minutes=10)
_SHIFT_OF_A_CLASS: Final = 0.15
_ANY_PREDICTIONS_YESTERDAY: Final = 10


@dataclass(frozen=True, slots=True)
class Condition:
    """Whether an alert's condition holds; None where it cannot be told.

    Attributes:
        labels: besides those of the monitor.
        value: what the rule's expression would give.
    """

    holds: bool | None
    value: float | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """What is known at one moment.

    Attributes:
        reachable: whether the predictor answers.
        history: its counters.
        logged: what the database knows; None while it does not answer.
        failed: checks whose last run failed.
        waiting_since: when checks began to wait for a result, with time zone.
    """

    now: datetime
    reachable: bool
    history: History
    logged: Logged | None
    failed: frozenset[str]
    waiting_since: datetime


Conditions = Mapping[str, tuple[tuple[Condition, ...], ...]]


def conditions(measured: Measured, monitor: ModelMonitor) -> Conditions:
    """For each alert the conditions of its rules, the milder rule first, each with one entry a series."""
    return {**_service(measured, monitor), **_quality(measured, monitor), **_drift(measured, monitor)}


def _service(measured: Measured, monitor: ModelMonitor) -> Conditions:
    history, logged = measured.history, measured.logged
    look = history.looks[-1] if history.looks and measured.reachable else None
    requests = history.increase(lambda look: look.requests, window=_FIVE_MINUTES)
    failed = history.increase(lambda look: look.failed, window=_FIVE_MINUTES)
    errors = None if failed is None or not requests else failed / requests
    slow = history.quantile(0.95, window=_FIVE_MINUTES)
    dropped = history.increase(lambda look: look.dropped, window=_TEN_MINUTES)
    thresholds, traffic = monitor.spec.thresholds, _has_traffic(measured, monitor)
    latency = [
        parse_duration(each).total_seconds()
        for each in (thresholds.latency_p95.warning, thresholds.latency_p95.critical)
    ]
    bounds = [float(each) for each in (thresholds.error_rate.warning, thresholds.error_rate.critical)]
    return {
        "ModelTargetDown": ((Condition(not measured.reachable),),),
        "ModelNotLoaded": ((Condition(None if look is None or look.loaded is None else not look.loaded),),),
        "ModelErrorRateHigh": tuple((_above(errors, bound, traffic=traffic),) for bound in bounds),
        "ModelLatencyHigh": tuple((_above(slow, bound, traffic=traffic),) for bound in latency),
        "ModelTrafficStopped": ((_stopped(logged),),),
        "ModelPredictionLogDropped": ((Condition(None if dropped is None else dropped > 0, dropped),),),
        "ModelMonitorDatabaseDown": (
            (Condition(None if look is None or look.database_up is None else not look.database_up),),
        ),
    }


def _has_traffic(measured: Measured, monitor: ModelMonitor) -> bool | None:
    """Whether a ratio means something; None before the second look, as after a restart."""
    rate = measured.history.rate(lambda look: look.predictions, window=_FIVE_MINUTES)
    return None if rate is None else rate > float(monitor.spec.alerts.min_requests_per_second)


def _beyond(value: float | None, crossed: Callable[[float], bool], *, traffic: bool | None) -> Condition:
    """Holds where the bound is crossed; without traffic, or without a value, there is no such series."""
    if traffic is None:
        return Condition(None, value)
    return Condition(value is not None and crossed(value) and traffic, value)


def _above(value: float | None, bound: float, *, traffic: bool | None) -> Condition:
    return _beyond(value, lambda measured: measured > bound, traffic=traffic)


def _below(value: float | None, bound: float, *, traffic: bool | None) -> Condition:
    return _beyond(value, lambda measured: measured < bound, traffic=traffic)


def _stopped(logged: Logged | None) -> Condition:
    if logged is None:
        return Condition(None)
    return Condition(logged.now == 0 and logged.yesterday > _ANY_PREDICTIONS_YESTERDAY, float(logged.now))


def _quality(measured: Measured, monitor: ModelMonitor) -> Conditions:
    logged, traffic = measured.logged, _has_traffic(measured, monitor)
    own = monitor.spec.thresholds
    confident = [float(each) for each in (own.confidence.warning, own.confidence.critical)]
    low = [float(each) for each in (own.low_confidence_share.warning, own.low_confidence_share.critical)]
    if logged is None:
        unknown = ((Condition(None),),)
        return dict.fromkeys(
            ("ModelConfidenceLow", "ModelLowConfidenceRateHigh", "ModelPredictionMixShift"), unknown * 2
        )
    mean, share, shift = logged.confidence, logged.low_confidence_share, _shift(logged)
    return {
        "ModelConfidenceLow": tuple((_below(mean, bound, traffic=traffic),) for bound in confident),
        "ModelLowConfidenceRateHigh": tuple((_above(share, bound, traffic=traffic),) for bound in low),
        "ModelPredictionMixShift": ((_above(shift, _SHIFT_OF_A_CLASS, traffic=traffic),),),
    }


def _shift(logged: Logged) -> float | None:
    if not logged.shares or not logged.usual_shares:
        return None
    names = {*logged.shares, *logged.usual_shares}
    return max(abs(logged.shares.get(name, 0.0) - logged.usual_shares.get(name, 0.0)) for name in names)


def _drift(measured: Measured, monitor: ModelMonitor) -> Conditions:
    logged = measured.logged
    labels = {check.name: {"check": check.name, "drift_type": check.type} for check in monitor.spec.checks}
    failed = tuple(Condition(name in measured.failed, 1.0, own) for name, own in labels.items())
    told = _unknown(labels) if logged is None else _known(measured, logged, monitor, labels)
    return {**told, "ModelDriftRunFailed": (failed,)}


def _unknown(labels: Mapping[str, Mapping[str, str]]) -> Conditions:
    each = tuple(Condition(None, None, own) for own in labels.values())
    measured = tuple(condition for condition in each if condition.labels["drift_type"] == "performance")
    return {
        "ModelDriftDetected": (each, each),
        "ModelDriftPersistent": ((Condition(None),),),
        "ModelDriftRunStale": (each,),
        "ModelWindowTooSmall": (each,),
        "ModelPerformanceBelowTarget": (measured, measured),
    }


def _known(
    measured: Measured, logged: Logged, monitor: ModelMonitor, labels: Mapping[str, Mapping[str, str]]
) -> Conditions:
    checks, results = monitor.spec.checks, logged.results
    return {
        "ModelDriftDetected": tuple(
            tuple(
                Condition(name in results and results[name].severity == severity, None, own)
                for name, own in labels.items()
            )
            for severity in ("warning", "critical")
        ),
        "ModelDriftPersistent": ((Condition(logged.persistent, 1.0),),),
        "ModelDriftRunStale": (
            tuple(_stale(measured, logged, each.name, each.schedule, labels[each.name]) for each in checks),
        ),
        "ModelWindowTooSmall": (
            tuple(_small(logged, each.name, each.window.min_rows, labels[each.name]) for each in checks),
        ),
        "ModelPerformanceBelowTarget": _accuracy(logged, monitor),
    }


def _stale(
    measured: Measured, logged: Logged, check: str, schedule: str, labels: Mapping[str, str]
) -> Condition:
    found = logged.results.get(check)
    since = max(found.created_at, measured.waiting_since) if found else measured.waiting_since
    waited = (measured.now - since).total_seconds()
    return Condition(waited > 2 * longest_gap(schedule).total_seconds(), waited, labels)


def _small(logged: Logged, check: str, least: int, labels: Mapping[str, str]) -> Condition:
    found = logged.results.get(check)
    if found is None:
        return Condition(holds=False, labels=labels)
    return Condition(found.n_window < least, float(found.n_window), labels)


def _accuracy(logged: Logged, monitor: ModelMonitor) -> tuple[tuple[Condition, ...], ...]:
    target = monitor.spec.alerts.min_accuracy
    if target is None:
        return ()
    told = []
    for check, (labelled, right) in logged.labels.items():
        labels = {"check": check, "drift_type": "performance"}
        figure = proportion(right, labelled)
        told.append(
            [
                Condition(labelled > 0 and value < float(target), value, labels)
                for value in (figure.value, figure.high)
            ]
        )
    return tuple(tuple(each[number] for each in told) for number in range(2))
