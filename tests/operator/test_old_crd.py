"""A CRD of another version in the cluster: what can be told is told, and what must be done about the rest."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelmonitors.modelmonitor.io"
DRIFT = {"name": "data", "type": "data", "verdict": "Drift", "severity": "critical", "rows": 5000}
Change = Callable[[Callable[[dict[str, Any]], dict[str, Any]]], None]


@pytest.fixture
def change_schema(http: Any) -> Iterator[Change]:
    """Changes the schema of the only version; it is as before afterwards."""
    versions = http.get(CRD).raise_for_status().json()["spec"]["versions"]

    def put(changed: list[dict[str, Any]]) -> None:
        body = json.dumps({"spec": {"versions": changed}})
        headers = {"Content-Type": "application/merge-patch+json"}
        http.patch(CRD, content=body, headers=headers).raise_for_status()
        time.sleep(2)  # until the API server uses it, which nothing tells

    def change(how: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        version = deepcopy(versions[0])
        version["schema"]["openAPIV3Schema"] = how(version["schema"]["openAPIV3Schema"])
        put([version])

    yield change
    put(versions)


def without_new_fields(schema: dict[str, Any]) -> dict[str, Any]:
    for field in ("confidence", "target"):
        del schema["properties"]["status"]["properties"][field]
    return schema


def anything(_: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def test_what_an_older_crd_does_not_know_does_not_hide_the_rest(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    change_schema: Change,
) -> None:
    change_schema(without_new_fields)
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    told = namespace.wait_for_condition("sentiment", "Ready", "False")
    assert told["reason"] == "CRDOutdated"
    assert "lacks status.target, which is not told" in told["message"]

    namespace.write_checks("sentiment", [{**DRIFT, "lastRunTime": now()}])
    namespace.wait_for_condition("sentiment", "DriftDetected", "True")
    line = 'modelmonitor_drift_detected{check="data",drift_type="data",modelmonitor="sentiment",'
    namespace.wait(lambda: line in operator.metrics(), why="the gauge says so")


def test_an_object_that_makes_no_sense_at_all_is_invalid_and_harms_nobody(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    change_schema: Change,
) -> None:
    change_schema(anything)
    operator = start_operator(pulse_s=0.5)
    strange = {**monitor, "metadata": {"name": "strange"}, "spec": {**monitor["spec"], "target": "sentiment"}}
    namespace.create("ModelMonitor", strange)
    namespace.create("ModelMonitor", monitor)

    namespace.wait_for_condition("sentiment", "Ready", "True")
    assert namespace.wait_for_condition("strange", "Ready", "False")["reason"] == "InvalidSpec"
    time.sleep(2)
    assert operator.healthz() == 200


def now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
