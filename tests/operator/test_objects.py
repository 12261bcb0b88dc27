from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controller.desired.names import task_job_name


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def settled(namespace: Any, operator: Any) -> dict[str, str]:
    """Versions of all objects once the operator has nothing more to do."""
    last: list[Any] = [None, 0]

    def quiet() -> bool:
        state = (namespace.versions(), operator.reconciles())
        last[1] = last[1] + 1 if state[0] == last[0] else 0
        last[0] = state[0]
        return last[1] >= 8

    namespace.wait(quiet, why="the operator settles")
    return last[0]


@pytest.fixture
def ready(
    namespace: Any, start_operator: Callable[..., Any], monitor: dict[str, Any], prometheus_operator: None
) -> Any:
    """An operator that has brought a monitor to its spec."""
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    return operator


def test_one_monitor_makes_everything_that_watches_the_model(namespace: Any, ready: Any) -> None:
    children = {
        f"{child['kind']}/{child['name']}"
        for child in namespace.get("ModelMonitor", "sentiment")["status"]["children"]
    }

    assert children == {
        name for name in namespace.versions() if not name.startswith(("ModelMonitor/", "Event/"))
    }
    assert children == {
        "ConfigMap/modelmonitor-sentiment",
        "ServiceAccount/modelmonitor-sentiment",
        "Role/modelmonitor-sentiment",
        "RoleBinding/modelmonitor-sentiment",
        "CronJob/sentiment-data",
        "CronJob/sentiment-concept",
        "CronJob/sentiment-performance",
        f"CronJob/{task_job_name('sentiment', 'upkeep')}",
        f"CronJob/{task_job_name('sentiment', 'report')}",
        "PodMonitor/modelmonitor-sentiment",
        "PrometheusRule/modelmonitor-sentiment",
    }


def test_deleting_a_monitor_leaves_nothing_that_the_cluster_would_not_remove(
    namespace: Any, ready: Any
) -> None:
    body = namespace.get("ModelMonitor", "sentiment")
    owners = [
        (child["kind"], namespace.get(child["kind"], child["name"])["metadata"]["ownerReferences"])
        for child in body["status"]["children"]
    ]

    namespace.delete("ModelMonitor", "sentiment")

    reference = {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "name": "sentiment",
        "uid": body["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }
    assert all(found == [reference] for _, found in owners)
    assert namespace.find("ModelMonitor", "sentiment") is None
    namespace.wait(lambda: "sentiment" not in ready.metrics(), why="its series go")


def test_changing_a_schedule_changes_its_cronjob_and_the_file_of_the_monitor(
    namespace: Any, ready: Any
) -> None:
    before = settled(namespace, ready)

    checks = [
        {"name": "data", "type": "data", "schedule": "0 5 * * *"},
        {"name": "concept", "type": "concept", "schedule": "17 2 * * *"},
        {"name": "performance", "type": "performance", "schedule": "27 2 * * *"},
    ]
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": checks}})
    namespace.wait_for_condition("sentiment", "Ready", "True")

    assert namespace.get("CronJob", "sentiment-data")["spec"]["schedule"] == "0 5 * * *"
    assert changed(before, settled(namespace, ready)) == {
        "ModelMonitor/sentiment",
        "ConfigMap/modelmonitor-sentiment",
        "CronJob/sentiment-data",
    }


def test_a_check_that_is_no_longer_in_the_spec_loses_its_cronjob(namespace: Any, ready: Any) -> None:
    before = settled(namespace, ready)

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": [{"name": "data", "type": "data"}]}})
    namespace.wait(lambda: namespace.find("CronJob", "sentiment-concept") is None, why="the CronJob goes")

    after = settled(namespace, ready)
    assert changed(before, after) == {
        "ModelMonitor/sentiment",
        "ConfigMap/modelmonitor-sentiment",
        "CronJob/sentiment-concept",
        "CronJob/sentiment-performance",
    }
    assert "CronJob/sentiment-performance" not in after


def test_suspend_suspends_runs_and_alerts_and_nothing_else(namespace: Any, ready: Any) -> None:
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"suspend": True}})

    condition = namespace.wait(
        lambda: (c := namespace.condition("sentiment", "Ready"))["reason"] == "Suspended" and c,
        why="suspended",
    )
    rules = namespace.get("PrometheusRule", "modelmonitor-sentiment")
    assert condition["status"] == "True"
    suspended = {job["metadata"]["name"]: job["spec"]["suspend"] for job in namespace.list("CronJob")}
    assert suspended == {
        "sentiment-data": True,
        "sentiment-concept": True,
        "sentiment-performance": True,
        task_job_name("sentiment", "report"): True,
        # Retention is a promise about people's data, which a pause of the checks does not suspend.
        task_job_name("sentiment", "upkeep"): False,
    }
    assert [group["name"] for group in rules["spec"]["groups"]] == ["modelmonitor.sentiment.recording"]
    assert namespace.get("ModelMonitor", "sentiment")["status"]["verdict"] == "Suspended"


def test_a_field_that_is_no_longer_desired_goes(namespace: Any, ready: Any) -> None:
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"job": {"nodeSelector": {"disk": "fast"}}}})
    namespace.wait(lambda: "nodeSelector" in pod_of(namespace), why="the selector comes")

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"job": None}})

    namespace.wait(lambda: "nodeSelector" not in pod_of(namespace), why="the selector goes")


def pod_of(namespace: Any) -> dict[str, Any]:
    return namespace.get("CronJob", "sentiment-data")["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def test_what_somebody_edits_is_put_right(namespace: Any, ready: Any) -> None:
    namespace.patch("CronJob", "sentiment-data", {"spec": {"schedule": "1 1 1 1 1"}})

    namespace.wait(
        lambda: namespace.get("CronJob", "sentiment-data")["spec"]["schedule"] == "7 2 * * *", why="put right"
    )


def test_what_somebody_deletes_comes_back(namespace: Any, ready: Any) -> None:
    namespace.delete("Role", "modelmonitor-sentiment")

    namespace.wait(lambda: namespace.find("Role", "modelmonitor-sentiment"), why="the Role comes back")


def test_what_others_add_stays(namespace: Any, ready: Any) -> None:
    namespace.patch("CronJob", "sentiment-data", {"metadata": {"labels": {"cost-center": "7"}}})

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"job": {"backoffLimit": 3}}})

    namespace.wait(
        lambda: (
            namespace.get("CronJob", "sentiment-data")["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 3
        ),
        why="the change arrives",
    )
    assert namespace.get("CronJob", "sentiment-data")["metadata"]["labels"]["cost-center"] == "7"


def test_the_operator_writes_nothing_to_the_monitor_but_its_status(namespace: Any, ready: Any) -> None:
    metadata = namespace.get("ModelMonitor", "sentiment")["metadata"]

    assert "annotations" not in metadata
    assert "finalizers" not in metadata
    assert {each["manager"]: each.get("subresource") for each in metadata["managedFields"]} == {
        "python-httpx": None,
        "modelmonitor-operator": "status",
    }
