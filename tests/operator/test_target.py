"""TargetReachable: what is missing of a target is told, and what comes is found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]


@pytest.fixture
def ready(namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None) -> Any:
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    return operator


def pod(name: str, *, port: int, **labels: str) -> dict[str, Any]:
    container = {"name": "kserve-container", "image": "model", "ports": [{"containerPort": port}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": [container]},
    }


def test_a_port_that_no_container_declares_is_told(namespace: Any, ready: Any) -> None:
    target = {"podSelector": {"matchLabels": {"app": "sentiment"}}, "modelName": "sentiment"}
    chosen = {**target, "metrics": {"port": 8090}}
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"target": chosen}})
    namespace.create("Pod", pod("sentiment-1", port=9000, app="sentiment"))

    def told() -> bool:
        return "declares port 8090" in namespace.condition("sentiment", "TargetReachable")["message"]

    namespace.wait(told, why="the port is missed")


def test_the_pods_of_a_service_are_scraped(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    monitor["spec"]["target"] = {"service": "sentiment"}
    start_operator()
    namespace.create("ModelMonitor", monitor)
    missing = namespace.wait_for_condition("sentiment", "TargetReachable", "False")
    assert missing["message"] == f"Service sentiment does not exist in namespace {namespace.name}."
    assert namespace.find("PodMonitor", "modelmonitor-sentiment") is None

    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "sentiment"},
        "spec": {"selector": {"app": "reviews"}, "ports": [{"port": 80, "targetPort": 8080}]},
    }
    namespace.create("Service", service)

    found = namespace.wait(
        lambda: namespace.find("PodMonitor", "modelmonitor-sentiment"), why="the PodMonitor comes"
    )
    assert found["spec"]["selector"] == {"matchLabels": {"app": "reviews"}}


def test_an_inference_service_is_found_when_it_comes(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    monitor["spec"]["target"] = {"inferenceService": "sentiment"}
    start_operator()
    namespace.create("ModelMonitor", monitor)
    missing = namespace.wait_for_condition("sentiment", "TargetReachable", "False")
    assert missing["message"] == f"InferenceService sentiment does not exist in namespace {namespace.name}."

    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "sentiment"},
        "spec": {},
    }
    namespace.create("InferenceService", service)
    labels = {"serving.kserve.io/inferenceservice": "sentiment", "component": "predictor"}
    namespace.create("Pod", pod("sentiment-predictor-1", port=8080, **labels))

    condition = namespace.wait_for_condition("sentiment", "TargetReachable", "Unknown")
    assert condition["message"].startswith(
        "0 of 1 pods are ready; whether Prometheus reaches them is not known"
    )
    selector = namespace.get("PodMonitor", "modelmonitor-sentiment")["spec"]["selector"]
    assert selector == {"matchLabels": labels}
