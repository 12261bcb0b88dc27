"""The monitors of the benchmark and the pods that they watch."""

from __future__ import annotations

from typing import Any, Final

import httpx

from modelmonitor.api.v1alpha1 import ModelMonitor

SPACES: Final = 10


def create(http: httpx.Client, count: int) -> list[ModelMonitor]:
    """So many monitors with a pod each, spread over namespaces; for each there is an empty one beside it."""
    for space in range(SPACES):
        for name in (f"models-{space}", f"bare-{space}"):
            body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            http.post("/api/v1/namespaces", json=body).raise_for_status()
    made = [_create_one(http, number) for number in range(count)]
    return [
        ModelMonitor.model_validate({key: each[key] for key in ("apiVersion", "kind", "metadata", "spec")})
        for each in made
    ]


def _create_one(http: httpx.Client, number: int) -> dict[str, Any]:
    space = f"models-{number % SPACES}"
    target = {"podSelector": {"matchLabels": {"app": f"model-{number}"}}, "modelName": f"model-{number}"}
    body = {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "metadata": {"name": f"model-{number}", "namespace": space},
        "spec": {"target": target, "reference": {"dataset": "reviews"}},
    }
    path = f"/apis/modelmonitor.io/v1alpha1/namespaces/{space}/modelmonitors"
    made: dict[str, Any] = http.post(path, json=body).raise_for_status().json()
    _create_pod(http, space, f"model-{number}")
    return made


def _create_pod(http: httpx.Client, space: str, name: str) -> None:
    """A pod that is said to be ready: a monitor without one is looked at more often."""
    container = {"name": "model", "image": "model", "ports": [{"containerPort": 8080}]}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {"containers": [container]},
    }
    path = f"/api/v1/namespaces/{space}/pods"
    http.post(path, json=pod).raise_for_status()
    status = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
    headers = {"Content-Type": "application/merge-patch+json"}
    http.patch(f"{path}/{name}/status", json=status, headers=headers).raise_for_status()


def move_away(http: httpx.Client, monitors: list[ModelMonitor]) -> None:
    """Delete the monitors; no garbage collector runs, so their objects stay."""
    for monitor in monitors:
        path = f"/apis/modelmonitor.io/v1alpha1/namespaces/{monitor.namespace}/modelmonitors"
        http.delete(f"{path}/{monitor.metadata.name}").raise_for_status()


def elsewhere(monitors: list[ModelMonitor]) -> list[ModelMonitor]:
    """The same monitors in namespaces without objects: the bare client makes what the operator made."""
    return [
        each.model_copy(
            update={
                "metadata": each.metadata.model_copy(
                    update={"namespace": each.namespace.replace("models", "bare")}
                )
            }
        )
        for each in monitors
    ]
