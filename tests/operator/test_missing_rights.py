"""A right that the operator was not given costs what it is for, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from controller.desired.rights import operator_role

GROUP = "rbac.authorization.k8s.io"
RBAC = f"/apis/{GROUP}/v1"
DRIFT = {"name": "data", "type": "data", "verdict": "Drift", "severity": "critical", "rows": 5000}


def grant_without(namespace: Any, user: str, lacking: str) -> None:
    role = operator_role(namespace=namespace.name)
    role["rules"] = [rule for rule in role["rules"] if rule["resources"] != [lacking]]
    binding = {
        "apiVersion": role["apiVersion"],
        "kind": "RoleBinding",
        "metadata": role["metadata"],
        "roleRef": {
            "apiGroup": GROUP,
            "kind": "Role",
            "name": role["metadata"]["name"],
        },
        "subjects": [{"apiGroup": GROUP, "kind": "User", "name": user}],
    }
    for plural, body in (("roles", role), ("rolebindings", binding)):
        namespace.http.post(f"{RBAC}/namespaces/{namespace.name}/{plural}", json=body).raise_for_status()


@pytest.fixture
def lacking(
    request: pytest.FixtureRequest, namespace: Any, kubeconfig: Path, point_at: Any, least: str
) -> str:
    """The operator may do all that it should, except with this kind."""
    grant_without(namespace, least, request.param)
    point_at(kubeconfig, server=str(namespace.http.base_url), token=least)
    return str(request.param)


@pytest.mark.parametrize("lacking", ["alertmanagerconfigs", "podmonitors", "jobs"], indirect=True)
def test_what_may_not_be_listed_is_named_and_drift_is_told_all_the_same(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    lacking: str,
) -> None:
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    told = namespace.wait_for_condition("sentiment", "Ready", "False")
    assert told["reason"] == "ApplyFailed"
    assert f'cannot list resource "{lacking}"' in told["message"]
    assert "python -m controller rbac" in told["message"]

    tells_of_drift(namespace, operator)
    assert len(namespace.list("CronJob")) == 5
    assert len(namespace.list("PrometheusRule")) == 1


@pytest.mark.parametrize("lacking", ["pods"], indirect=True)
def test_a_target_that_may_not_be_looked_at_is_told_and_watched_as_far_as_can_be(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    lacking: str,
) -> None:
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    told = namespace.wait_for_condition("sentiment", "TargetReachable", "False")
    assert f'cannot list resource "{lacking}"' in told["message"]

    tells_of_drift(namespace, operator)
    assert len(namespace.list("PodMonitor")) == 1


def tells_of_drift(namespace: Any, operator: Any) -> None:
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    namespace.write_checks("sentiment", [{**DRIFT, "lastRunTime": moment}])
    namespace.wait_for_condition("sentiment", "DriftDetected", "True")
    assert namespace.get("ModelMonitor", "sentiment")["status"]["verdict"] == "Critical"
    line = 'modelmonitor_drift_detected{check="data",drift_type="data",modelmonitor="sentiment",'
    namespace.wait(lambda: line in operator.metrics(), why="the gauge says so")
