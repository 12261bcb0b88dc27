"""Commands on a cluster: a real kube-apiserver with RBAC, and the sources that a person gives beside it."""

from __future__ import annotations

import json

import pytest

from modelmonitor.cli.approve import waiting_trigger
from modelmonitor.cli.errors import NotFound
from tests.cli.cluster.conftest import MONITOR, UNREACHABLE, WAITS

pytestmark = pytest.mark.timeout(300)
ABSENT = "http://127.0.0.1:9"


def test_the_status_of_a_cluster_is_read_from_its_monitors(shell):
    (item,) = shell.items("status")

    assert (item["namespace"], item["name"], item["version"]) == ("ml", "sentiment", "7")
    assert (item["checks"][0]["pValue"], item["state"]) == (0.004, "Warning")
    assert {each["check"] for each in item["nextRuns"]} == {"data", "concept", "performance"}


def test_the_status_beside_prometheus_has_its_metrics_and_the_alerts_that_fire(shell, prometheus):
    (item,) = shell.items("status", "--prometheus-url", prometheus.url)

    health = {row["name"]: (row["value"], row["state"]) for row in item["health"]}
    assert health["Model Status"] == (1, "Healthy")
    assert health["Avg Confidence"] == (pytest.approx(0.717, abs=0.01), "Warning")
    assert health["Low Confidence Rate"] == (pytest.approx(1 / 3, abs=0.01), "Critical")
    assert health["Error Rate"] == (0, "Healthy")
    assert item["rate"] > 0
    assert ("ModelDriftDetected", "critical") in {(each["name"], each["severity"]) for each in item["alerts"]}
    assert item["state"] == "Critical"


def test_the_series_of_another_monitor_are_not_taken_for_this_one(shell, prometheus):
    shell.namespace.create("ModelMonitor", {**MONITOR, "metadata": {"name": "topics"}})

    (item,) = shell.items("status", "topics", "--prometheus-url", prometheus.url)

    assert (item["rate"], item["alerts"], item["state"]) == (None, [], "Unknown")


def test_the_status_says_which_condition_is_not_as_it_should_be(shell):
    shell.say(conditions=[UNREACHABLE])

    finished = shell("status", columns=200)

    assert "TargetReachable is False (NoPods): No pod of InferenceService sentiment is ready." in finished.out


def test_every_monitor_of_every_namespace_is_a_line_of_top(shell, prometheus):
    shell.namespace.create("ModelMonitor", {**MONITOR, "metadata": {"name": "topics"}})

    finished = shell("top", "--once", "-A", "--prometheus-url", prometheus.url, columns=120)

    lines = {line.split()[0]: line for line in finished.out.splitlines()}
    assert (finished.code, list(lines)) == (0, ["NAME", "sentiment", "topics"])
    assert "Critical" in lines["sentiment"]
    assert "Unknown" in lines["topics"]


def test_alerts_are_those_that_prometheus_says_fire(shell, prometheus):
    rows = shell.items("alerts", "--severity", "critical", "--prometheus-url", prometheus.url)

    found = {(row["name"], row["monitor"], row["check"], row["ended"]) for row in rows}
    assert ("ModelDriftDetected", "sentiment", "data", None) in found


def test_past_runs_of_a_monitor_in_the_cluster_are_listed_and_shown(shell, filled):
    listed = shell.items("drift", "list", MM_DATABASE_URL=filled)
    shown = shell("drift", "show", "run-2", MM_DATABASE_URL=filled)

    assert [each["run"] for each in listed] == ["run-2", "run-1"]
    assert "data: Drift critical. The input looks different." in shown.out


def test_the_review_tells_of_the_training_runs_in_mlflow(shell, filled, mlflow_url):
    finished = shell("review", MM_DATABASE_URL=filled, MM_MLFLOW_URL=mlflow_url)

    told = [line.split() for line in finished.out.splitlines() if "nightly" in line]
    assert (finished.code, [(words[0], *words[-2:]) for words in told]) == (
        0,
        [("nightly", "accuracy", "0.86")],
    )


@pytest.mark.usefixtures("prometheus_operator")
def test_the_doctor_finds_every_source_in_order(shell, prometheus, mlflow_url, filled):
    findings = shell("doctor", "-o", "json", "--prometheus-url", prometheus.url, MM_MLFLOW_URL=mlflow_url)

    told = {each["check"]: (each["outcome"], each["told"]) for each in json.loads(findings.out)["items"]}
    assert told["scraping"] == ("ok", "3 targets are up")
    assert told["selectors"] == ("ok", "the labels of the series fit the monitor")
    assert told["rules"][0] == told["Prometheus clock"][0] == told["MLflow"][0] == "ok"
    assert told["CRDs of modelmonitor.io"] == ("ok", "modelmonitors are there")
    assert told["CRDs of monitoring.coreos.com"][0] == "ok"
    assert told["PostgreSQL"] == ("skipped", "no address is known")


def test_the_doctor_names_each_fault_with_its_fix(
    shell, no_prometheus_operator, prometheus, choosy_mlflow_url
):
    shell.namespace.create("ModelMonitor", {**MONITOR, "metadata": {"name": "topics"}})
    finished = shell(
        *("doctor", "topics", "-o", "json", "--prometheus-url", prometheus.url),
        MM_MLFLOW_URL=choosy_mlflow_url,
    )

    problems = {
        each["check"]: f"{each['told']}: {each['fix']}"
        for each in json.loads(finished.out)["items"]
        if each["outcome"] == "problem"
    }
    assert finished.code == 1
    assert "none with the labels of this monitor" in problems["selectors"]
    assert "podMonitorSelector" in problems["selectors"]
    assert "it refuses this Host header: start MLflow with --allowed-hosts" in problems["MLflow"]
    assert "prometheusrules, podmonitors are missing" in problems["CRDs of monitoring.coreos.com"]


def test_approve_sets_the_annotation_that_the_operator_waits_for(shell):
    finished = shell("approve", "sentiment", "-n", "ml")

    found = shell.namespace.get("ModelMonitor", "sentiment")["metadata"]["annotations"]
    assert (finished.code, finished.out) == (
        0,
        "approved trigger a1b2 of ml/sentiment; the training starts now\n",
    )
    assert found == {"modelmonitor.io/approve-retrain": "a1b2"}


def test_another_trigger_than_the_one_looked_at_is_not_approved(shell):
    finished = shell("approve", "--trigger", "old")

    assert finished.code == 2
    assert "sentiment waits with trigger a1b2, not old" in finished.err
    assert "annotations" not in shell.namespace.get("ModelMonitor", "sentiment")["metadata"]


def test_nothing_to_approve_is_said_with_what_is_known():
    started = {
        **MONITOR,
        "status": {"conditions": [{**WAITS, "reason": "TrainingStarted", "message": "Runs."}]},
    }

    with pytest.raises(NotFound, match=r"no training of sentiment waits .*TrainingStarted: Runs\."):
        waiting_trigger(started)


def test_init_writes_a_monitor_of_the_inference_service_that_the_cluster_takes(shell, tmp_path):
    out = tmp_path / "monitor.yaml"

    finished = shell("init", "isvc/sentiment", "--out", str(out))

    assert finished.code == 0, finished.err
    text = out.read_text()
    assert "namespace: ml\n" in text
    assert "capture: logger\n" in text
    answer = shell.namespace.http.put(
        shell.namespace.path("ModelMonitor", "sentiment") + "?dryRun=All&fieldValidation=Strict",
        content=text.replace(
            "  name: sentiment", f"  name: sentiment\n  resourceVersion: '{_version(shell)}'"
        ),
        headers={"Content-Type": "application/yaml"},
    )
    assert answer.status_code == 200, answer.text


def _version(shell):
    return shell.namespace.get("ModelMonitor", "sentiment")["metadata"]["resourceVersion"]


def test_an_inference_service_that_is_not_there_is_a_sentence(shell):
    finished = shell("init", "isvc/topics")

    assert (finished.code, finished.out) == (5, "")
    assert 'inferenceservices.serving.kserve.io "topics" not found' in finished.err


def test_a_missing_right_is_a_sentence(shell, point_at, least):
    point_at(shell.kubeconfig, server=str(shell.namespace.http.base_url), token=least)

    finished = shell("status", "-n", "ml")

    assert (finished.code, finished.out) == (3, "")
    assert 'cannot list resource "modelmonitors"' in finished.err
    assert "ask for the right to read modelmonitors" in finished.err


def test_an_unknown_name_is_a_sentence_with_those_there_are(shell):
    finished = shell("status", "other")

    assert (finished.code, finished.out) == (5, "")
    assert "there is no ModelMonitor other in this namespace (there are: ml/sentiment)" in finished.err


def test_an_api_server_that_does_not_answer_is_a_sentence(shell, point_at):
    point_at(shell.kubeconfig, server="https://127.0.0.1:9")

    finished = shell("status")

    assert (finished.code, finished.out) == (3, "")
    assert "the API server does not answer" in finished.err


def test_what_is_down_is_said_in_a_line_and_the_cluster_still_shows(shell):
    finished = shell("status", "--prometheus-url", ABSENT, MM_DATABASE_URL="postgresql://u:p@127.0.0.1:9/db")

    assert finished.code == 0
    assert "source   prometheus DOWN: http://127.0.0.1:9" in finished.out
    assert "source   database DOWN: " in finished.out
    assert "Drift warning" in finished.out
