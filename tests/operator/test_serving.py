"""InferenceServices as KServe writes them, on a real API server with a stand-in for its CRD."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Start = Callable[..., Any]
CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/inferenceservices.serving.kserve.io"
SERVED = "serving.kserve.io/v1beta1/inferenceservices"
CANARY = {
    "deploymentMode": "Knative",
    "conditions": [{"type": "Ready", "status": "True"}],
    "components": {
        "predictor": {
            "traffic": [
                {"revisionName": "sentiment-predictor-00001", "percent": 90},
                {"revisionName": "sentiment-predictor-00002", "percent": 10, "latestRevision": True},
            ]
        }
    },
}


def serve(namespace: Any, status: dict[str, Any]) -> None:
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "sentiment"},
        "spec": {},
        "status": status,
    }
    namespace.create("InferenceService", service)


@pytest.fixture
def served(monitor: dict[str, Any]) -> dict[str, Any]:
    monitor["spec"]["target"] = {"inferenceService": "sentiment"}
    return monitor


def test_a_canary_of_knative_is_told_apart_by_its_revision(
    namespace: Any, start_operator: Start, served: dict[str, Any], prometheus_operator: None
) -> None:
    serve(namespace, CANARY)
    operator = start_operator()
    namespace.create("ModelMonitor", served)
    namespace.wait_for_condition("sentiment", "Ready", "True")

    (endpoint,) = namespace.get("PodMonitor", "modelmonitor-sentiment")["spec"]["podMetricsEndpoints"]
    assert {
        "sourceLabels": ["__meta_kubernetes_pod_label_serving_knative_dev_revision"],
        "targetLabel": "revision",
        "action": "replace",
    } in endpoint["relabelings"]
    own = f'modelmonitor="sentiment",namespace="{namespace.name}"'
    shares = {"00001": "90.0", "00002": "10.0"}
    for revision, share in shares.items():
        line = f'{{{own},revision="sentiment-predictor-{revision}"}} {share}'
        namespace.wait(lambda line=line: line in operator.metrics(), why=line)

    all_to_the_new = {
        "predictor": {"traffic": [{"revisionName": "sentiment-predictor-00002", "percent": 100}]}
    }
    namespace.patch("InferenceService", "sentiment", {"status": {"components": all_to_the_new}})

    namespace.wait(lambda: "00001" not in operator.metrics(), why="the old revision is told of no more")


@pytest.fixture
def no_kserve(namespace: Any, install: Callable[..., None]) -> Iterator[Callable[[], None]]:
    """KServe is not there; the call installs it."""
    crd = namespace.http.get(CRD).raise_for_status().json()
    definition = {key: crd[key] for key in ("apiVersion", "kind", "spec")}
    definition["metadata"] = {"name": crd["metadata"]["name"]}
    namespace.http.delete(CRD).raise_for_status()
    namespace.wait(lambda: namespace.http.get(CRD).status_code == 404, why="the CRD goes")

    def come() -> None:
        install(json.dumps(definition), served=SERVED)

    yield come
    come()


def test_kserve_may_come_later(
    namespace: Any, start_operator: Start, served: dict[str, Any], no_kserve: Callable[[], None]
) -> None:
    start_operator(namespaces=())
    namespace.create("ModelMonitor", served)
    condition = namespace.wait_for_condition("sentiment", "TargetReachable", "False")
    assert condition["message"].startswith("KServe is not installed")
    namespace.wait_for_condition("sentiment", "Ready", "True")

    no_kserve()
    serve(namespace, CANARY)

    def asleep() -> bool:
        return namespace.condition("sentiment", "TargetReachable").get("reason") == "ScaledToZero"

    namespace.wait(asleep, why="the InferenceService is found")
