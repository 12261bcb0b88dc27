"""What a monitor's gauges show: the status as numbers, so that rules and dashboards can read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from controller.desired.runs import CheckState
from controller.manifest import ObjectKey
from controller.observation import TargetFacts
from modelmonitor import metrics
from modelmonitor.api.conditions import Condition
from modelmonitor.api.status import CheckStatus
from modelmonitor.metrics import Metric


@dataclass(frozen=True, slots=True)
class GaugeSample:
    """One value of a gauge; labels in the order of the metric."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


def gauges(
    key: ObjectKey,
    states: Sequence[CheckState],
    conditions: Sequence[Condition],
    *,
    target: TargetFacts | None = None,
) -> tuple[GaugeSample, ...]:
    """All values of one monitor.

    Args:
        key: the monitor.
        states: its checks.
        conditions: what is known of it.
        target: what it monitors, if that is known.
    """
    of_checks = (sample for state in states for sample in _of_check(key, state))
    of_conditions = (
        GaugeSample(
            metrics.CONDITION,
            (key.namespace, key.name, condition.type, condition.reason),
            float(condition.status == "True"),
        )
        for condition in conditions
    )
    return (*of_checks, *of_conditions, *_of_target(key, target))


def _of_target(key: ObjectKey, target: TargetFacts | None) -> Iterator[GaugeSample]:
    if target is not None:
        asleep = float(target.asleep is not None)
        yield GaugeSample(metrics.TARGET_ASLEEP, (key.namespace, key.name), asleep)
        for share in target.serving.traffic if target.serving is not None else ():
            labels = (key.namespace, key.name, share.revision)
            yield GaugeSample(metrics.TARGET_TRAFFIC, labels, share.percent)


def _of_check(key: ObjectKey, state: CheckState) -> Iterator[GaugeSample]:
    labels = (key.namespace, key.name, state.check.name, state.check.type)
    yield GaugeSample(metrics.RUN_INTERVAL, labels, state.interval.total_seconds())
    yield GaugeSample(metrics.RUN_WAITING_SINCE, labels, state.waiting_since.timestamp())
    yield GaugeSample(metrics.RUN_FAILED, labels, float(state.failed))
    yield GaugeSample(metrics.WINDOW_MIN_ROWS, labels, state.check.window.min_rows)
    if state.result is not None:
        yield from _of_result(labels, state.result)
        yield from _verdict(labels, state)


def _of_result(labels: tuple[str, ...], result: CheckStatus) -> Iterator[GaugeSample]:
    if result.last_run_time is not None:
        yield GaugeSample(metrics.RUN_LAST_SUCCESS, labels, result.last_run_time.timestamp())
    if result.rows is not None:
        yield GaugeSample(metrics.WINDOW_ROWS, labels, result.rows)
    if result.p_value is not None:
        yield GaugeSample(metrics.DRIFT_P_VALUE, labels, float(result.p_value))
    if result.threshold is not None:
        yield GaugeSample(metrics.DRIFT_THRESHOLD, labels, float(result.threshold))
    if result.effect is not None:
        yield GaugeSample(metrics.DRIFT_EFFECT, (*labels, result.effect.name), float(result.effect.value))
    yield from _accuracy(labels, result)
    yield from _labelled(labels, result)


def _accuracy(labels: tuple[str, ...], result: CheckStatus) -> Iterator[GaugeSample]:
    if result.estimated_accuracy is not None:
        for bound, value in result.estimated_accuracy.to_manifest().items():
            yield GaugeSample(metrics.ESTIMATED_ACCURACY, (*labels, bound), float(value))


def _labelled(labels: tuple[str, ...], result: CheckStatus) -> Iterator[GaugeSample]:
    measured = result.labelled
    if measured is not None:
        bounds = {"point": measured.accuracy, "low": measured.low, "high": measured.high}
        for bound, value in bounds.items():
            yield GaugeSample(metrics.LABELLED_ACCURACY, (*labels, bound), float(value))
        yield GaugeSample(metrics.LABELLED_ROWS, labels, measured.rows)


def _verdict(labels: tuple[str, ...], state: CheckState) -> Iterator[GaugeSample]:
    # A run without a verdict says neither drift nor none: no value, rather than a green one.
    quiet = state.result is not None and state.result.verdict == "NoDrift"
    if quiet or state.drifts:
        severity = (2 if state.severity == "critical" else 1) if state.drifts else 0
        yield GaugeSample(metrics.DRIFT_DETECTED, labels, float(state.drifts))
        yield GaugeSample(metrics.DRIFT_SEVERITY, labels, severity)
    # One series a check and only while it drifts, because its label is another one after every run.
    if state.drifts and state.result is not None and state.result.explanation:
        yield GaugeSample(metrics.DRIFT_EXPLANATION, (*labels, state.result.explanation), 1.0)
