"""The quick check on real sources: a database, a model server's metrics, and sources that are down."""

from __future__ import annotations

import json

DEAD = "http://127.0.0.1:9"


def test_the_quick_check_fits_80_columns_and_says_everything(cli, filled, exporter):
    finished = cli("status", "--predictor-url", exporter, MM_DATABASE_URL=filled)

    assert (finished.code, finished.err) == (0, "")
    assert [line.rstrip() for line in finished.out.splitlines()] == [
        "sentiment  (model sentiment, version 3, url)  Critical",
        "traffic  20 predictions in 24 h: NEGATIVE 25.0%, POSITIVE 75.0%, newest 3h ago",
        "METRIC               NOW     WARNING  CRITICAL    STATE",
        "Avg Confidence       77.5%   80.0%    60.0%       Warning",
        "Low Confidence Rate  25.0%   10.0%    30.0%       Warning",
        "Latency (P95)        20 ms   100 ms   500 ms      Healthy",
        "Error Rate           1.0%    0.0%     1.0%        Critical",
        "Model Status         loaded           not loaded  Healthy",
        "CHECK  VERDICT         P      LEVEL  EFFECT  MATTERS  RAN",
        "data   Drift critical  0.001  0.01   0.4     0.2      3h ago",
        "alert    ModelDriftDetected critical 3h ago Inputs drifted.",
        "Next: modelmonitor drift show run-2",
    ]


def test_json_is_versioned_and_holds_the_same(cli, filled, exporter):
    finished = cli("status", "-o", "json", "--predictor-url", exporter, MM_DATABASE_URL=filled)

    told = json.loads(finished.out)
    (item,) = told["items"]
    assert (told["apiVersion"], told["kind"]) == ("cli.modelmonitor.io/v1", "StatusList")
    assert (item["name"], item["state"], item["total"]) == ("sentiment", "Critical", 20)
    assert item["classes"] == {"NEGATIVE": 5, "POSITIVE": 15}
    assert [check["run"] for check in item["checks"]] == ["run-2"]
    assert [source["answered"] for source in item["sources"]] == [True, True]


def test_a_source_that_is_down_costs_one_line_and_the_rest_still_shows(cli, filled):
    finished = cli(
        "status", "sentiment", "--predictor-url", DEAD, "--prometheus-url", DEAD, MM_DATABASE_URL=filled
    )

    assert finished.code == 0
    assert "source   predictor DOWN: http://127.0.0.1:9/metrics does not answer" in finished.out
    assert "source   prometheus DOWN: http://127.0.0.1:9/api/v1/query does not answer" in finished.out
    assert "Drift critical" in finished.out


def test_the_exit_code_says_the_state_only_when_asked(cli, filled, exporter):
    codes = [
        cli("status", *flag, "--predictor-url", exporter, MM_DATABASE_URL=filled).code
        for flag in ((), ("--exit-code",))
    ]

    assert codes == [0, 20]


def test_a_database_without_our_tables_is_told_with_the_command_that_helps(cli, postgres):
    finished = cli("status", "sentiment", MM_DATABASE_URL=postgres.url())

    assert finished.code == 3
    assert "run `python -m modelmonitor.store`" in finished.out


def test_nothing_answers_is_exit_code_3_and_no_password_is_shown(cli):
    finished = cli("status", "sentiment", MM_DATABASE_URL="postgresql://me:hidden@127.0.0.1:9/db")

    assert finished.code == 3
    assert "me@127.0.0.1:9/db" in finished.out
    assert "hidden" not in finished.out + finished.err


def test_a_deployment_without_predictions_is_sent_to_the_doctor(cli, database_url, exporter):
    finished = cli("status", "unknown", MM_DATABASE_URL=database_url)

    assert finished.code == 0
    assert "no predictions in the last 24 h" in finished.out
    assert "Next: modelmonitor doctor" in finished.out
