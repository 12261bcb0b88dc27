"""Pending, firing, resolved: as Prometheus would tell the same story."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.local.alerts.conditions import Condition
from modelmonitor.local.alerts.lifecycle import evaluate, filled_in, fingerprint
from modelmonitor.local.alerts.memory import Memory, load, save
from modelmonitor.local.alerts.message import message
from modelmonitor.rules.groups import monitor_alerts

START = datetime(2026, 3, 4, 12, tzinfo=UTC)


def monitor(**alerts):
    return ModelMonitor.model_validate(
        {
            "apiVersion": "modelmonitor.io/v1alpha1",
            "kind": "ModelMonitor",
            "metadata": {"name": "sentiment", "namespace": "ml"},
            "spec": {
                "target": {"inferenceService": "sentiment"},
                "reference": {"dataset": "reviews"},
                "alerts": alerts,
            },
        }
    )


def story(told, *, alert="ModelConfidenceLow", **alerts):
    """What is news at each minute: `told` has one condition a minute, of the warning rule."""
    rules = monitor_alerts(monitor(**alerts))
    states, news = {}, []
    for minute, holds in enumerate(told):
        conditions = {alert: ((Condition(holds, 0.71),), (Condition(holds=False),))}
        step = evaluate(states, rules, conditions, now=START + timedelta(minutes=minute))
        states = step.states
        news += [(minute, "fires" if each.resolved_at is None else "resolved") for each in step.news]
    return news


def test_an_alert_fires_after_its_for_and_is_resolved_when_the_condition_ends():
    assert story([True] * 17 + [False] * 2) == [(15, "fires"), (17, "resolved")]


def test_a_condition_that_ends_before_its_for_is_never_told():
    assert story([True] * 14 + [False] + [True] * 14) == []


def test_what_cannot_be_told_changes_nothing():
    assert story([True] * 10 + [None] * 10 + [True, None, None, False]) == [(20, "fires"), (23, "resolved")]


def test_keep_firing_for_keeps_an_alert_after_its_condition_ended():
    told = [True] + [False] * 61

    assert story(told, alert="ModelDriftDetected") == [(0, "fires"), (60, "resolved")]


def test_the_spec_of_the_monitor_changes_and_disables_alerts():
    assert story([True], overrides=[{"alert": "ModelConfidenceLow", "for": "0s"}]) == [(0, "fires")]
    assert story([True] * 60, disabled=["ModelConfidenceLow"]) == []


def test_an_alert_whose_rule_is_gone_is_resolved():
    told = {"ModelNotLoaded": ((Condition(holds=True),),)}
    rules = monitor_alerts(monitor(overrides=[{"alert": "ModelNotLoaded", "for": "0s"}]))
    fired = evaluate({}, rules, told, now=START)

    after = evaluate(fired.states, (), told, now=START + timedelta(hours=1))

    assert [each.resolved_at for each in after.news] == [START + timedelta(hours=1)]
    assert after.states == {}


def test_each_check_has_an_alert_of_its_own():
    rules = monitor_alerts(monitor())
    each = tuple(Condition(holds=True, labels={"check": name}) for name in ("data", "concept"))

    step = evaluate({}, rules, {"ModelDriftDetected": ((), each)}, now=START)

    assert {state.labels["check"] for state in step.news} == {"data", "concept"}
    assert len(step.states) == 2


def fired():
    rules = monitor_alerts(monitor(overrides=[{"alert": "ModelConfidenceLow", "for": "0s"}]))
    told = {"ModelConfidenceLow": ((Condition(holds=True, value=0.71),), ())}
    return evaluate({}, rules, told, now=START)


def test_a_message_is_alertmanagers_of_version_4():
    (state,) = fired().news
    labels = {
        "namespace": "ml",
        "modelmonitor": "sentiment",
        "alertname": "ModelConfidenceLow",
        "severity": "warning",
    }

    told = message([state], source="http://predictor/metrics")

    assert {name: told[name] for name in ("version", "status", "truncatedAlerts", "groupLabels")} == {
        "version": "4",
        "status": "firing",
        "truncatedAlerts": 0,
        "groupLabels": {"namespace": "ml", "modelmonitor": "sentiment"},
    }
    assert told["alerts"] == [
        {
            "status": "firing",
            "labels": labels,
            "annotations": {
                "summary": "sentiment is unsure: mean confidence 71%",
                "description": "Mean confidence of the last hour is below 0.8: "
                "inputs may be unlike the training.",
                "runbook_url": "https://modelmonitor.io/runbooks/ModelConfidenceLow",
            },
            "startsAt": "2026-03-04T12:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://predictor/metrics",
            "fingerprint": fingerprint(labels),
        }
    ]


def test_states_and_untold_news_read_back_as_they_were(tmp_path):
    step = fired()
    memory = Memory(step.states, {"webhook": step.news})

    save(memory, tmp_path)

    assert load(tmp_path) == memory


@pytest.mark.parametrize("content", ["", "{", '{"states": 3}'])
def test_a_file_of_another_version_is_as_none(tmp_path, content):
    (tmp_path / "alerts.json").write_text(content)

    assert load(tmp_path) == load(tmp_path / "absent") == Memory()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{{ $labels.modelmonitor }} is slow: {{ $value | humanizeDuration }}", "sentiment is slow: 250ms"),
        ("{{ $value | humanizePercentage }} of {{ $labels.absent }}", "25% of "),
        ("{{ $value }} rows", "0.25 rows"),
    ],
)
def test_texts_are_filled_in_as_prometheus_does(text, told):
    assert filled_in(text, labels={"modelmonitor": "sentiment"}, value=0.25) == told
