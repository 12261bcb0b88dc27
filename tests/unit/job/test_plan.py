"""From a ModelMonitor to the tests of a run, within the budget of false alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.api.load import load_monitor
from modelmonitor.decide.thresholds import DEFAULT_THRESHOLDS, EffectThresholds
from modelmonitor.health import Thresholds
from modelmonitor.job.errors import UnknownCheck
from modelmonitor.job.plan import plan_run
from modelmonitor.job.schedule import mean_interval, slot_start

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


def test_each_check_gets_a_third_of_the_budget_for_its_own_runs_and_tests():
    levels = [[test.level for test in check.tests] for check in plan().checks]
    share = 0.9 / 3 / 30
    assert levels == [[pytest.approx(share / 2)] * 2, [pytest.approx(share)], [pytest.approx(share)]]


def test_runs_that_overlap_test_the_newest_parts_too_and_pay_for_them():
    checks = """\
  checks:
    - {name: data, type: data, schedule: "7 * * * *"}
"""
    (check,) = plan(checks).checks
    assert check.parts == 4
    assert check.tests[0].level == pytest.approx(0.9 / 720 / 8)
    end = datetime(2026, 11, 23, tzinfo=UTC)
    starts = check.part_starts(end - timedelta(hours=24), end)
    assert [(end - start) / timedelta(hours=1) for start in starts] == [24, 12, 6, 3]


def test_every_trigger_has_one_judge_and_a_declared_change_is_read_from_the_annotation():
    text = THREE_LINES.replace(
        "namespace: ml}", "namespace: ml, annotations: {modelmonitor.io/business-change: new shop}}"
    )
    retrain = plan_run(load_monitor(text, source="test")).retrain
    assert retrain.judges == {
        "data": ("new-patterns",),
        "concept": (),
        "performance": ("confidence-declining", "repeated-drift", "low-confidence", "requested"),
    }
    assert retrain.business_change == "new shop"


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


def test_a_data_set_keeps_its_name_and_what_is_built_of_the_log_carries_the_monitors():
    rolling = THREE_LINES.replace("{dataset: movie-reviews}", "{rolling: {days: 7}}")
    found = [plan_run(load_monitor(text, source="test")).reference for text in (THREE_LINES, rolling)]
    assert [each.name for each in found] == ["movie-reviews", "ml/sentiment:rolling"]
    assert found[0].token_place == "Secret sentiment-score-token, key token"


def test_the_quality_of_segments_is_told_once_by_the_performance_check_if_it_is_split():
    both = """\
  checks:
    - {name: data, type: data, segments: [channel]}
    - {name: performance, type: performance, segments: [channel]}
"""
    for checks, judge in ((both, "performance"), (both.replace("performance, seg", "concept, seg"), "data")):
        found = plan(checks)
        assert [check.segments for check in found.checks] == [("channel",), ("channel",)]
        assert [check.name for check in found.checks if found.measures_segments(check)] == [judge]


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


@pytest.mark.parametrize(
    ("schedule", "zone", "slot"),
    [
        ("7 * * * *", "Etc/UTC", datetime(2026, 11, 23, 2, 7, tzinfo=UTC)),
        ("7 2 * * *", "Etc/UTC", datetime(2026, 11, 23, 2, 7, tzinfo=UTC)),
        ("8 2 * * *", "Etc/UTC", datetime(2026, 11, 22, 2, 8, tzinfo=UTC)),
        ("7 2 * * *", "Europe/Berlin", datetime(2026, 11, 23, 1, 7, tzinfo=UTC)),
    ],
)
def test_a_slot_begins_when_the_schedule_last_fired_in_its_time_zone(schedule, zone, slot):
    now = datetime(2026, 11, 23, 2, 7, tzinfo=UTC)
    assert slot_start(schedule, time_zone=zone, now=now) == slot
