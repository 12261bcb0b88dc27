"""What the doctor makes of facts: the usual faults, each with its fix."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from modelmonitor.cli.findings import (
    DatabaseState,
    Finding,
    judge_clock,
    judge_database,
    judge_predictor,
    judge_rules,
    judge_targets,
)
from modelmonitor.cli.sources.predictor import facts_of

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
HEALTHY = """\
# TYPE model_loaded gauge
model_loaded 1.0
# TYPE model_info gauge
model_info{model_name="sentiment",version="3"} 1.0
# TYPE api_predictions_total counter
api_predictions_total{sentiment="POSITIVE"} 7.0
# TYPE modelmonitor_database_up gauge
modelmonitor_database_up 1.0
"""
STATE = DatabaseState(
    migrations=frozenset({1, 2}),
    shipped=frozenset({1, 2}),
    now=NOW,
    newest=NOW - timedelta(minutes=3),
    others=(),
    strays=False,
    may_write_results=True,
)


def problems(findings):
    return {finding.check: finding.told for finding in findings if finding.outcome == "problem"}


def predictor(text):
    return judge_predictor(facts_of(text, low_confidence_below=0.6), url="http://model:8000", text=text)


def test_a_healthy_model_server_has_no_problem():
    assert [finding.told for finding in predictor(HEALTHY)] == [
        "sentiment 3 is loaded",
        "7 predictions since the server started",
        "the model server writes to PostgreSQL",
    ]


@pytest.mark.parametrize(
    ("change", "check", "told"),
    [
        (("model_loaded 1.0", "model_loaded 0.0"), "model", "the model is not loaded"),
        (("} 7.0", "} 0.0"), "predictions", "no predictions since the server started"),
        (
            ("database_up 1.0", "database_up 0.0"),
            "logging",
            "the model server cannot write to PostgreSQL; predictions wait on its disk",
        ),
        (("model_loaded", "other"), "metrics", "http://model:8000/metrics has no metrics of a model server"),
    ],
)
def test_each_fault_of_a_model_server_is_told(change, check, told):
    assert problems(predictor(HEALTHY.replace(*change))) == {check: told}


def test_dropped_predictions_are_a_problem():
    text = HEALTHY + 'api_prediction_log_dropped_total{reason="disk"} 12.0\n'

    assert problems(predictor(text)) == {"dropped": "12 predictions could not be logged"}


@pytest.mark.parametrize(
    ("targets", "series", "chosen", "told"),
    [
        ([{"health": "up"}], 2, 2, {}),
        ([], 0, 0, {"scraping", "series"}),
        ([{"health": "down", "scrapeUrl": "http://a", "lastError": "refused"}], 2, 2, {"scraping"}),
        ([{"health": "up"}], 2, 0, {"selectors"}),
    ],
)
def test_scraping_is_judged_from_target_to_label(targets, series, chosen, told):
    assert set(problems(judge_targets(targets, predictions=series, chosen=chosen))) == set(told)


def test_rules_that_are_missing_or_broken_are_told():
    ours = {"name": "modelmonitor:predictions:rate5m", "query": "sum(x)", "health": "ok"}
    broken = {**ours, "health": "err", "lastError": "many-to-many"}

    found = [judge_rules(groups) for groups in ([], [{"rules": [ours]}], [{"rules": [broken]}])]

    assert [finding.outcome for finding in found] == ["problem", "ok", "problem"]
    assert "many-to-many" in found[2].told


def test_an_alert_is_ours_by_its_labels_whatever_its_expression_reads():
    rule = {"name": "ModelLatencyHigh", "query": "sum(up[5m:1m])", "labels": {"modelmonitor": "sentiment"}}

    found = judge_rules([{"rules": [{**rule, "health": "err", "lastError": "not a vector"}]}])

    assert found.outcome == "problem"
    assert "alerts.overrides[].expr" in found.fix


@pytest.mark.parametrize(
    ("apart_s", "outcome"), [(0, "ok"), (5, "ok"), (-5, "ok"), (6, "problem"), (-60, "problem")]
)
def test_a_clock_may_differ_by_five_seconds(apart_s, outcome):
    found = judge_clock("database", theirs=NOW + timedelta(seconds=apart_s), ours=NOW)

    assert found.outcome == outcome


def test_a_database_in_shape_has_no_problem():
    assert problems(judge_database(STATE, deployment="sentiment", now=NOW)) == {}


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"migrations": frozenset({1})}, "schema"),
        ({"may_write_results": False}, "roles"),
        ({"newest": None}, "prediction log"),
        ({"newest": NOW - timedelta(hours=2)}, "prediction log"),
        ({"strays": True}, "partitions"),
        ({"now": NOW + timedelta(minutes=1)}, "database clock"),
    ],
)
def test_each_fault_of_a_database_is_told_with_a_fix(change, check):
    from dataclasses import replace

    found = judge_database(replace(STATE, **change), deployment="sentiment", now=NOW)

    wrong = [finding for finding in found if finding.outcome == "problem"]
    assert [finding.check for finding in wrong] == [check]
    assert all(finding.fix for finding in wrong)


def test_predictions_under_another_name_are_pointed_at():
    from dataclasses import replace

    state = replace(STATE, newest=None, others=("sentiments",))

    finding = next(each for each in judge_database(state, deployment="sentiment", now=NOW) if each.fix)

    assert finding == Finding(
        "prediction log",
        "problem",
        "the log holds no prediction of sentiment; there are predictions of sentiments",
        "name the monitor after its deployment, or set the model server's MM_SERVER_DEPLOYMENT_ID",
    )
