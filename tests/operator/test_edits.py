"""What people and injectors do to the objects of a monitor by hand, on a real API server."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

POD = "/spec/jobTemplate/spec/template/spec"
CONTAINER = f"{POD}/containers/0"
SECURITY = [
    ("ServiceAccount", "modelmonitor-sentiment", "/automountServiceAccountToken"),
    ("CronJob", "sentiment-data", f"{POD}/automountServiceAccountToken"),
    ("CronJob", "sentiment-data", f"{POD}/securityContext/runAsNonRoot"),
    ("CronJob", "sentiment-data", f"{POD}/securityContext/seccompProfile"),
    ("CronJob", "sentiment-data", f"{CONTAINER}/securityContext/allowPrivilegeEscalation"),
    ("CronJob", "sentiment-data", f"{CONTAINER}/securityContext/capabilities"),
    ("CronJob", "sentiment-data", f"{CONTAINER}/securityContext/readOnlyRootFilesystem"),
    ("CronJob", "sentiment-data", f"{CONTAINER}/volumeMounts/0/readOnly"),
]
# Each is merged by the API server: an element of another name stays beside ours.
ADDED = [
    ("CronJob", "sentiment-data", f"{CONTAINER}/env/-", {"name": "TEAM", "value": "a"}),
    ("CronJob", "sentiment-data", f"{CONTAINER}/env/0", {"name": "FIRST", "value": "a"}),
    ("CronJob", "sentiment-data", f"{CONTAINER}/volumeMounts/-", {"name": "scratch", "mountPath": "/more"}),
    ("CronJob", "sentiment-data", f"{POD}/volumes/-", {"name": "more", "emptyDir": {}}),
    ("CronJob", "sentiment-data", f"{POD}/containers/-", {"name": "proxy", "image": "proxy"}),
    ("CronJob", "sentiment-data", f"{POD}/imagePullSecrets/-", {"name": "theirs"}),
    (
        "ConfigMap",
        "modelmonitor-sentiment",
        "/metadata/ownerReferences/-",
        {"apiVersion": "v1", "kind": "ConfigMap", "name": "theirs", "uid": "u-1"},
    ),
    ("PrometheusRule", "modelmonitor-sentiment", "/spec/groups/-", {"name": "theirs", "rules": []}),
]


@pytest.fixture
def ready(
    namespace: Any, start_operator: Callable[..., Any], monitor: dict[str, Any], prometheus_operator: None
) -> Any:
    """An operator that has brought a monitor to its spec."""
    operator = start_operator(image_pull_secrets=("ours",))
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    return operator


def edit(namespace: Any, kind: str, name: str, *operations: dict[str, Any]) -> None:
    namespace.http.patch(
        namespace.path(kind, name),
        content=json.dumps(operations),
        headers={"Content-Type": "application/json-patch+json"},
    ).raise_for_status()


def at(found: Any, pointer: str) -> Any:
    for part in pointer.strip("/").split("/"):
        found = found[int(part)] if isinstance(found, list) else found.get(part)
    return found


def test_every_field_of_security_that_somebody_removes_comes_back(namespace: Any, ready: Any) -> None:
    for kind, name, path in SECURITY:
        ours = at(namespace.get(kind, name), path)
        assert ours is not None

        edit(namespace, kind, name, {"op": "remove", "path": path})

        namespace.wait(
            lambda kind=kind, name=name, path=path, ours=ours: at(namespace.get(kind, name), path) == ours,
            why=f"{path} of {kind} {name} comes back",
        )


def test_a_single_edit_is_put_right_within_a_second(namespace: Any, ready: Any) -> None:
    edit(namespace, "CronJob", "sentiment-data", {"op": "replace", "path": "/spec/suspend", "value": True})
    time.sleep(1)

    assert namespace.get("CronJob", "sentiment-data")["spec"]["suspend"] is False
    assert namespace.condition("sentiment", "Ready")["status"] == "True"


def test_an_element_that_an_injector_adds_stays_and_costs_no_write(namespace: Any, ready: Any) -> None:
    for kind, name, path, element in ADDED:
        edit(namespace, kind, name, {"op": "add", "path": path, "value": element})
    before, looks = ready.writes(), ready.reconciles()

    for touch in range(3):
        for kind, name, *_ in ADDED:
            namespace.patch(kind, name, {"metadata": {"annotations": {"touch": str(touch)}}})
        time.sleep(0.5)

    assert ready.reconciles() > looks
    assert ready.writes() == before
    assert stays(namespace)


def test_an_element_that_an_injector_adds_stays_when_ours_change(namespace: Any, ready: Any) -> None:
    for kind, name, path, element in ADDED:
        edit(namespace, kind, name, {"op": "add", "path": path, "value": element})
    versions = {
        (kind, name): namespace.get(kind, name)["metadata"]["resourceVersion"] for kind, name, *_ in ADDED
    }

    changed = {"job": {"image": "example.com/job:2"}, "alerts": {"labels": {"team": "a"}}}
    namespace.patch("ModelMonitor", "sentiment", {"spec": changed})

    for (kind, name), version in versions.items():
        namespace.wait(
            lambda kind=kind, name=name, version=version: (
                namespace.get(kind, name)["metadata"]["resourceVersion"] != version
            ),
            why=f"{kind} {name} is applied",
        )
    assert stays(namespace)


def stays(namespace: Any) -> bool:
    return all(
        any(
            element.items() <= each.items() for each in at(namespace.get(kind, name), path.rpartition("/")[0])
        )
        for kind, name, path, element in ADDED
    )
