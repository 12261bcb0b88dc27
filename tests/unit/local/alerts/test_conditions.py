"""Which alerts hold on one machine, at the thresholds of the monitor."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.local.alerts.conditions import NOT_HERE, Measured, conditions
from modelmonitor.local.alerts.counters import Counters, History
from modelmonitor.local.alerts.logged import Logged
from modelmonitor.rules.groups import alert_names, monitor_alerts

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
BUSY = Counters(
    NOW, loaded=True, database_up=True, predictions=600, requests=600, buckets={0.05: 600, 0.1: 600}
)
IDLE = replace(BUSY, at=NOW - timedelta(minutes=5), predictions=0, requests=0, buckets={0.05: 0, 0.1: 0})
FINE = Logged(
    confidence=0.9,
    low_confidence_share=0.02,
    shares={"POSITIVE": 0.5, "NEGATIVE": 0.5},
    usual_shares={"POSITIVE": 0.5, "NEGATIVE": 0.5},
    now=600,
    yesterday=600,
)


def monitor(**spec):
    return ModelMonitor.model_validate(
        {
            "apiVersion": "modelmonitor.io/v1alpha1",
            "kind": "ModelMonitor",
            "metadata": {"name": "sentiment"},
            "spec": {
                "target": {"inferenceService": "sentiment"},
                "reference": {"dataset": "reviews"},
                **spec,
            },
        }
    )


def holding(*, logged=FINE, look=BUSY, reachable=True, failed=(), waiting_since=NOW, spec=None):
    """Names and severities of the alerts whose condition holds."""
    watched = monitor(**(spec or {}))
    measured = Measured(
        now=NOW,
        reachable=reachable,
        history=History((IDLE, look)),
        logged=logged,
        failed=frozenset(failed),
        waiting_since=waiting_since,
    )
    found = conditions(measured, watched)
    names = {}
    for rule in monitor_alerts(watched):
        names.setdefault(rule.alert, []).append(rule.severity)
    return {
        (name, names[name][number])
        for name, series in found.items()
        for number, each in enumerate(series)
        if any(condition.holds for condition in each)
    }


def untold(found):
    """Names of the alerts of which nothing can be told."""
    each = {name: [one.holds for series in told for one in series] for name, told in found.items()}
    return {name for name, holds in each.items() if holds and set(holds) == {None}}


def test_every_alert_is_judged_here_or_named_as_not():
    measured = Measured(NOW, True, History((IDLE, BUSY)), FINE, frozenset(), NOW)

    found = conditions(measured, monitor(alerts={"minAccuracy": "0.8"}))

    assert {*found, *NOT_HERE} == set(alert_names())
    assert set(found).isdisjoint(NOT_HERE)


def test_a_healthy_model_has_no_alert():
    assert holding() == set()


@pytest.mark.parametrize(
    ("changed", "alerts"),
    [
        ({"confidence": 0.79}, {("ModelConfidenceLow", "warning")}),
        ({"confidence": 0.59}, {("ModelConfidenceLow", "warning"), ("ModelConfidenceLow", "critical")}),
        ({"low_confidence_share": 0.11}, {("ModelLowConfidenceRateHigh", "warning")}),
        (
            {"shares": {"POSITIVE": 0.7, "NEGATIVE": 0.3}},
            {("ModelPredictionMixShift", "warning")},
        ),
        ({"now": 0}, {("ModelTrafficStopped", "warning")}),
        ({"now": 0, "yesterday": 10}, set()),
        ({"persistent": True}, {("ModelDriftPersistent", "critical")}),
    ],
)
def test_what_is_logged_is_held_against_the_thresholds(changed, alerts):
    assert holding(logged=replace(FINE, **changed)) == alerts


@pytest.mark.parametrize(
    ("changed", "alerts"),
    [
        ({"failed": 3}, {("ModelErrorRateHigh", "warning")}),
        ({"failed": 7}, {("ModelErrorRateHigh", "warning"), ("ModelErrorRateHigh", "critical")}),
        ({"buckets": {0.05: 0, 0.5: 600}}, {("ModelLatencyHigh", "warning")}),
        ({"loaded": False}, {("ModelNotLoaded", "critical")}),
        ({"database_up": False}, {("ModelMonitorDatabaseDown", "critical")}),
        ({"dropped": 1}, {("ModelPredictionLogDropped", "warning")}),
    ],
)
def test_what_the_predictor_counts_is_held_against_the_thresholds(changed, alerts):
    assert holding(look=replace(BUSY, **changed)) == alerts


def test_a_predictor_that_does_not_answer_is_down_and_nothing_else():
    assert holding(reachable=False) == {("ModelTargetDown", "critical")}


def test_without_traffic_no_ratio_alerts():
    quiet = replace(BUSY, predictions=3)

    assert holding(look=quiet, logged=replace(FINE, confidence=0.3, low_confidence_share=0.9)) == set()


def test_bounds_are_those_of_the_monitor():
    spec = {"thresholds": {"confidence": {"warning": "0.95", "critical": "0.5"}}}

    assert holding(spec=spec) == {("ModelConfidenceLow", "warning")}


def test_a_check_whose_run_failed_or_never_came_is_told():
    stale = NOW - timedelta(days=2, seconds=1)

    assert holding(failed=["data"]) == {("ModelDriftRunFailed", "warning")}
    assert holding(waiting_since=stale) == {("ModelDriftRunStale", "warning")}


@pytest.mark.parametrize(
    ("right", "alerts"),
    [
        (90, set()),
        (78, {("ModelPerformanceBelowTarget", "warning")}),
        (50, {("ModelPerformanceBelowTarget", "warning"), ("ModelPerformanceBelowTarget", "critical")}),
    ],
)
def test_measured_accuracy_is_held_against_the_target(right, alerts):
    labelled = replace(FINE, labels={"performance": (100, right)})

    assert holding(logged=labelled, spec={"alerts": {"minAccuracy": "0.8"}}) == alerts


def test_a_database_that_does_not_answer_leaves_what_it_knows_untold():
    measured = Measured(NOW, True, History((IDLE, BUSY)), None, frozenset(), NOW)

    found = conditions(measured, monitor(alerts={"minAccuracy": "0.8"}))

    assert untold(found) == {
        *(
            "ModelConfidenceLow",
            "ModelLowConfidenceRateHigh",
            "ModelPredictionMixShift",
            "ModelTrafficStopped",
        ),
        *("ModelDriftDetected", "ModelDriftPersistent", "ModelDriftRunStale", "ModelWindowTooSmall"),
        "ModelPerformanceBelowTarget",
    }


def test_before_the_second_look_no_ratio_can_be_told():
    measured = Measured(NOW, True, History((BUSY,)), replace(FINE, confidence=0.3), frozenset(), NOW)

    found = conditions(measured, monitor())

    assert untold(found) == {
        *("ModelErrorRateHigh", "ModelLatencyHigh", "ModelPredictionLogDropped"),
        *("ModelConfidenceLow", "ModelLowConfidenceRateHigh", "ModelPredictionMixShift"),
    }


def test_counters_that_began_anew_make_no_negative_rate():
    history = History((IDLE, BUSY)).with_look(
        replace(BUSY, at=NOW + timedelta(seconds=15), requests=1, predictions=1)
    )

    assert history.rate(lambda look: look.predictions, window=timedelta(minutes=5)) is None
