from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from modelmonitor.api.job import RAY_NOT_BUILT

Start = Callable[..., Any]


def result(name: str, kind: str, **fields: Any) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"name": name, "type": kind, "verdict": "NoDrift", "lastRunTime": now, "rows": 900, **fields}


HEALTHY = (result("data", "data"), result("concept", "concept"), result("performance", "performance"))
DRIFT = result(
    "data",
    "data",
    verdict="Drift",
    severity="critical",
    message="The inputs changed.",
    pValue="0.0004",
    threshold="0.0056",
    effect={"name": "mmd2", "value": "0.31", "warning": "0.05", "critical": "0.2"},
    referenceRows=2000,
    modelVersion="3",
    confidence="0.8461",
    report="runs:/8f2c/report.html",
)


@pytest.fixture
def ready(namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None) -> Any:
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    return operator


def test_before_any_run_every_condition_is_there_and_nothing_is_green(namespace: Any, ready: Any) -> None:
    status = namespace.get("ModelMonitor", "sentiment")["status"]

    told = {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}
    assert told == {
        "Ready": ("True", "ObjectsApplied"),
        "TargetReachable": ("False", "TargetNotFound"),
        "ReferenceReady": ("Unknown", "NotYetObserved"),
        "RulesLoaded": ("Unknown", "RulesApplied"),
        "DriftDetected": ("Unknown", "NotYetObserved"),
        "Degraded": ("Unknown", "NotYetObserved"),
        "RetrainRecommended": ("False", "NotNeeded"),
        "DashboardsReady": ("False", "GrafanaOff"),
    }
    assert status["verdict"] == "Inconclusive"


def test_a_result_of_a_job_becomes_condition_verdict_and_gauges(namespace: Any, ready: Any) -> None:
    namespace.write_checks("sentiment", [DRIFT, *HEALTHY[1:]])

    condition = namespace.wait_for_condition("sentiment", "DriftDetected", "True")
    status = namespace.get("ModelMonitor", "sentiment")["status"]
    assert (condition["reason"], condition["message"]) == ("DataDrift", "The inputs changed.")
    assert (status["verdict"], status["drift"], status["modelVersion"]) == ("Critical", "data", "3")
    assert status["confidence"] == "0.8461"
    assert {check["name"]: check["verdict"] for check in status["checks"]} == {
        "data": "Drift",
        "concept": "NoDrift",
        "performance": "NoDrift",
    }
    labels = f'check="data",drift_type="data",modelmonitor="sentiment",namespace="{namespace.name}"'
    namespace.wait(
        lambda: f"modelmonitor_drift_severity{{{labels}}} 2.0" in ready.metrics(), why="the gauge shows it"
    )
    metrics = ready.metrics()
    assert f"modelmonitor_drift_p_value{{{labels}}} 0.0004" in metrics
    assert f"modelmonitor_drift_threshold{{{labels}}} 0.0056" in metrics
    assert f"modelmonitor_window_rows{{{labels}}} 900.0" in metrics
    assert f"modelmonitor_run_interval_seconds{{{labels}}} 86400.0" in metrics


def test_all_checks_without_drift_make_a_healthy_monitor(namespace: Any, ready: Any) -> None:
    namespace.write_checks("sentiment", list(HEALTHY))

    namespace.wait_for_condition("sentiment", "DriftDetected", "False")
    namespace.wait_for_condition("sentiment", "Degraded", "False")
    assert namespace.get("ModelMonitor", "sentiment")["status"]["verdict"] == "Healthy"


def test_a_drift_episode_is_told_in_one_event(namespace: Any, ready: Any) -> None:
    namespace.write_checks("sentiment", [DRIFT, *HEALTHY[1:]])
    namespace.wait_for_condition("sentiment", "DriftDetected", "True")
    namespace.write_checks("sentiment", [{**DRIFT, "pValue": "0.0001"}, *HEALTHY[1:]])
    namespace.write_checks("sentiment", list(HEALTHY))
    namespace.wait_for_condition("sentiment", "DriftDetected", "False")

    told = [
        (each["type"], each["reason"]) for each in namespace.list("Event") if "DriftDetected" in each["note"]
    ]
    assert sorted(told) == [("Normal", "NoDrift"), ("Warning", "DataDrift")]


def test_a_failed_job_is_never_an_old_green(namespace: Any, ready: Any) -> None:
    namespace.write_checks("sentiment", list(HEALTHY))
    namespace.wait_for_condition("sentiment", "Degraded", "False")
    labels = namespace.get("CronJob", "sentiment-data")["spec"]["jobTemplate"]["metadata"]["labels"]
    pod_spec = {"restartPolicy": "Never", "containers": [{"name": "drift", "image": "job"}]}
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "sentiment-data-1", "labels": labels},
        "spec": {"template": {"spec": pod_spec}},
    }
    namespace.create("Job", job)

    ended = (datetime.now(UTC) + timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    base = {
        "status": "True",
        "lastProbeTime": ended,
        "lastTransitionTime": ended,
        "reason": "BackoffLimitExceeded",
    }
    failure = [{"type": kind, **base, "message": "it failed twice"} for kind in ("FailureTarget", "Failed")]
    namespace.patch(
        "Job",
        "sentiment-data-1",
        {"status": {"startTime": ended, "failed": 1, "conditions": failure}},
        subresource="/status",
    )

    condition = namespace.wait_for_condition("sentiment", "Degraded", "True")
    assert condition["reason"] == "RunFailed"
    assert condition["message"] == "The last run of data failed (job sentiment-data-1): it failed twice."
    namespace.wait_for_condition("sentiment", "DriftDetected", "Unknown")
    assert namespace.get("ModelMonitor", "sentiment")["status"]["verdict"] == "Inconclusive"


def test_results_that_stay_away_are_a_condition(namespace: Any, ready: Any) -> None:
    old = (datetime.now(UTC) - timedelta(days=3)).strftime("%Y-%m-%dT%H:%M:%SZ")
    namespace.write_checks("sentiment", [{**HEALTHY[0], "lastRunTime": old}, *HEALTHY[1:]])

    def told_of_a_monitor_that_has_run_for_long() -> dict[str, Any] | None:
        # Again and again, because a reconcile that began before writes what it had read.
        runs = namespace.get("ModelMonitor", "sentiment")["status"]["timetables"]
        long = [{**each, "since": "2026-01-01T00:00:00Z"} for each in runs]
        namespace.patch("ModelMonitor", "sentiment", {"status": {"timetables": long}}, subresource="/status")
        condition = namespace.condition("sentiment", "Degraded")
        return condition if condition["status"] == "True" else None

    condition = namespace.wait(told_of_a_monitor_that_has_run_for_long, why="a result is overdue")

    assert (condition["reason"], condition["message"]) == (
        "RunFailed",
        f"data has had no result since {old}.",
    )


def test_no_result_is_missed_of_the_time_of_a_suspension(namespace: Any, ready: Any) -> None:
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"suspend": True}})
    namespace.wait(
        lambda: namespace.condition("sentiment", "Ready").get("reason") == "Suspended", why="it rests"
    )
    before = [{**each, "lastRunTime": "2026-01-01T02:00:00Z"} for each in HEALTHY]
    namespace.write_checks("sentiment", before)

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"suspend": False}})

    namespace.wait(
        lambda: namespace.condition("sentiment", "Ready").get("reason") == "ObjectsApplied", why="it runs"
    )
    status = namespace.get("ModelMonitor", "sentiment")["status"]
    assert namespace.condition("sentiment", "Degraded")["status"] == "Unknown"
    assert status["verdict"] == "Inconclusive"
    assert all(each["since"] > "2026-01-02" for each in status["timetables"])


def test_engine_ray_is_refused_at_admission(namespace: Any, monitor: dict[str, Any]) -> None:
    monitor["spec"]["job"] = {"engine": "ray"}

    answer = namespace.http.post(namespace.path("ModelMonitor"), json=monitor)

    assert answer.status_code == 422
    assert RAY_NOT_BUILT in answer.json()["message"]


def test_an_invalid_spec_is_told_and_what_runs_goes_on(namespace: Any, ready: Any) -> None:
    before = namespace.get("CronJob", "sentiment-data")["metadata"]["resourceVersion"]
    never = [{"name": "data", "type": "data", "schedule": "0 0 31 2 *"}]

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": never}})

    condition = namespace.wait_for_condition("sentiment", "Ready", "False")
    assert condition["reason"] == "InvalidSpec"
    assert "spec.checks[0].schedule: '0 0 31 2 *' never fires" in condition["message"]
    assert namespace.get("CronJob", "sentiment-data")["metadata"]["resourceVersion"] == before
    (told,) = [each for each in namespace.list("Event") if each["reason"] == "InvalidSpec"]
    assert told["type"] == "Warning"

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": None}})

    namespace.wait_for_condition("sentiment", "Ready", "True")


def test_drift_is_told_though_the_spec_became_invalid(namespace: Any, ready: Any) -> None:
    namespace.write_checks("sentiment", [result("data", "data", verdict="NoDrift")])
    never = [{"name": "data", "type": "data", "schedule": "0 0 31 2 *"}]
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": never}})
    namespace.wait_for_condition("sentiment", "Ready", "False")

    namespace.write_checks("sentiment", [result("data", "data", verdict="Drift", severity="critical")])

    namespace.wait_for_condition("sentiment", "DriftDetected", "True")
    assert namespace.get("ModelMonitor", "sentiment")["status"]["verdict"] == "Critical"
    assert namespace.condition("sentiment", "Ready")["reason"] == "InvalidSpec"
    line = 'modelmonitor_drift_severity{check="data",drift_type="data",modelmonitor="sentiment",'
    namespace.wait(lambda: line in ready.metrics(), why="the gauge stays")


def test_a_time_zone_that_the_api_server_does_not_know_is_told(namespace: Any, ready: Any) -> None:
    check = {"name": "data", "type": "data", "timeZone": "Mars/Olympus"}
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": [check]}})

    condition = namespace.wait_for_condition("sentiment", "Ready", "False")

    assert condition["reason"] == "ApplyFailed"
    assert "Mars/Olympus" in condition["message"]


def test_two_operators_in_a_row_keep_the_time_of_a_transition(
    namespace: Any, ready: Any, start_operator: Start
) -> None:
    namespace.write_checks("sentiment", [DRIFT, *HEALTHY[1:]])
    before = namespace.wait_for_condition("sentiment", "DriftDetected", "True")
    ready.stop()

    start_operator()
    namespace.write_checks("sentiment", [{**DRIFT, "message": "They changed further."}, *HEALTHY[1:]])

    def told() -> dict[str, Any] | None:
        after = namespace.condition("sentiment", "DriftDetected")
        return after if after["message"] == "They changed further." else None

    after = namespace.wait(told, why="the new result is told")
    assert after["lastTransitionTime"] == before["lastTransitionTime"]
