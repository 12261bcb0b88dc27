"""A model without pods is scaled to zero on purpose, or down; on an API server without a scheduler."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
LABELS = {"app": "sentiment"}


def deployment(replicas: int, **labels: str) -> dict[str, Any]:
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "sentiment", "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": {**LABELS, **labels}},
                "spec": {"containers": [{"name": "model", "image": "model"}]},
            },
        },
    }


def asleep(operator: Any) -> list[str]:
    lines = operator.metrics().splitlines()
    return [line.rpartition(" ")[2] for line in lines if line.startswith("modelmonitor_target_scaled")]


def wait_for_reason(namespace: Any, reason: str) -> dict[str, Any]:
    def told() -> dict[str, Any] | None:
        condition = namespace.condition("sentiment", "TargetReachable")
        return condition if condition.get("reason") == reason else None

    return namespace.wait(told, why=reason)


@pytest.fixture
def operator(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Any:
    """An operator that would look again only in an hour, so that what it notices it was told."""
    monkeypatch.setattr("controller.handlers.scaling._APART_S", 1.0)
    running = start_operator(recheck_s=3600, resync_s=3600)
    namespace.create("ModelMonitor", monitor)
    wait_for_reason(namespace, "TargetNotFound")
    return running


def test_a_deployment_of_zero_replicas_is_no_fault_and_one_without_its_pods_is(
    namespace: Any, operator: Any
) -> None:
    namespace.create("Deployment", deployment(0))

    condition = wait_for_reason(namespace, "ScaledToZero")
    assert (condition["status"], condition["message"]) == (
        "Unknown",
        "Deployment sentiment is scaled to 0 replicas.",
    )
    namespace.wait(lambda: asleep(operator) == ["1.0"], why="the gauge says so")

    namespace.patch("Deployment", "sentiment", {"spec": {"replicas": 1}})

    wait_for_reason(namespace, "TargetNotFound")
    namespace.wait(lambda: asleep(operator) == ["0.0"], why="the gauge says so")

    namespace.patch("Deployment", "sentiment", {"spec": {"replicas": 0}})
    wait_for_reason(namespace, "ScaledToZero")
    namespace.delete("Deployment", "sentiment")

    wait_for_reason(namespace, "TargetNotFound")


def test_a_pod_that_does_not_start_is_a_fault_whatever_the_deployment_wants(
    namespace: Any, operator: Any
) -> None:
    pod = deployment(0)["spec"]["template"]
    named = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "sentiment-1", **pod["metadata"]}}
    namespace.create("Pod", {**named, "spec": pod["spec"]})
    namespace.create("Deployment", deployment(0))

    namespace.wait(
        lambda: "declares port 8080" in namespace.condition("sentiment", "TargetReachable")["message"],
        why="the pod is seen",
    )
    assert asleep(operator) == ["0.0"]


def test_a_standard_inference_service_is_told_by_its_deployments(
    namespace: Any, start_operator: Start, monitor: dict[str, Any]
) -> None:
    labels = {"serving.kserve.io/inferenceservice": "sentiment", "component": "predictor"}
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "sentiment"},
        "spec": {},
        "status": {"deploymentMode": "Standard"},
    }
    namespace.create("InferenceService", service)
    start_operator(recheck_s=3600, resync_s=3600)
    monitor["spec"]["target"] = {"inferenceService": "sentiment"}
    namespace.create("ModelMonitor", monitor)
    wait_for_reason(namespace, "TargetNotFound")

    namespace.create("Deployment", deployment(0, **labels))

    wait_for_reason(namespace, "ScaledToZero")
