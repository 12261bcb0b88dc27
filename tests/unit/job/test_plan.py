"""From a ModelMonitor to the tests of a run, within the budget of false alarms."""

from __future__ import annotations

from datetime import timedelta

import pytest

from modelmonitor.api.load import load_monitor
from modelmonitor.decide.thresholds import DEFAULT_THRESHOLDS, EffectThresholds
from modelmonitor.health import Thresholds
from modelmonitor.job.errors import UnknownCheck
from modelmonitor.job.plan import plan_run
from modelmonitor.job.schedule import mean_interval

THREE_LINES = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment, namespace: ml}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: movie-reviews}
"""
MONTH = timedelta(days=30)


def plan(more="", **options):
    return plan_run(load_monitor(THREE_LINES + more, source="test"), **options)


def test_the_three_line_spec_runs_all_three_kinds_of_the_guide():
    tests = {check.name: [(test.name, test.backend) for test in check.tests] for check in plan().checks}
    assert tests == {
        "data": [("mmd", "alibi-detect"), ("tfidf-similarity", "native")],
        "concept": [("chi-square", "alibi-detect")],
        "performance": [("ks", "alibi-detect")],
    }


def test_levels_share_the_budget_over_every_test_of_the_month():
    levels = [test.level for check in plan().checks for test in check.tests]
    assert levels == pytest.approx([1 / (4 * 30)] * 4, rel=0.03)


def test_running_one_check_does_not_loosen_its_level():
    everything, one = plan(), plan(only="concept")
    assert [check.name for check in one.checks] == ["concept"]
    assert one.checks[0].tests[0].level == everything.checks[1].tests[0].level


def test_only_a_fall_of_confidence_counts_for_performance():
    assert {check.name: {test.only_a_fall for test in check.tests} for check in plan().checks} == {
        "data": {False},
        "concept": {False},
        "performance": {True},
    }


def test_the_thresholds_of_the_spec_are_those_of_the_guide_by_default():
    assert plan().thresholds == Thresholds()


def test_severity_is_for_the_detector_it_stands_beside():
    checks = """\
  checks:
    - {name: words, type: data, severity: {warning: "0.3", critical: "0.4"}}
"""
    main, words = plan(checks).checks[0].tests
    assert main.thresholds == EffectThresholds(0.3, 0.4)
    assert words.thresholds == DEFAULT_THRESHOLDS["tfidf-similarity"]


def test_an_unknown_check_is_answered_with_the_known_ones():
    with pytest.raises(UnknownCheck, match="choose one of data, concept, performance"):
        plan(only="dta")


def test_a_reference_that_is_not_stored_yet_is_said():
    text = THREE_LINES.replace("{dataset: movie-reviews}", "{rolling: {days: 7}}")
    found = plan_run(load_monitor(text, source="test"))
    assert found.reference is None
    assert found.reference_obstacle == (
        "This version compares with a stored data set only: name one in spec.reference.dataset."
    )


def test_what_this_version_leaves_out_is_noted():
    checks = """\
  checks:
    - {name: data, type: data, segments: [channel], window: {rows: 500}}
"""
    assert plan(checks).notes == (
        "window.rows of data is not applied by this version.",
        "segments of data is not applied by this version.",
    )


@pytest.mark.parametrize(
    ("schedule", "interval"),
    [
        ("7 2 * * *", timedelta(days=1)),
        ("7 * * * *", timedelta(hours=1)),
        ("@hourly", timedelta(hours=1)),
        ("*/5 * * * *", timedelta(minutes=5)),
        ("0 9,10 * * *", timedelta(hours=12)),
        ("@monthly", MONTH),
        ("0 0 29 2 *", MONTH),
    ],
)
def test_the_mean_time_between_runs_follows_from_the_schedule(schedule, interval):
    assert mean_interval(schedule, per=MONTH) == interval
