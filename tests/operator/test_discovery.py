"""A monitor of three lines finds its model's name and metrics: real API server, real Prometheus."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.dashboards.filling import ServedPages
from tests.operator.prometheus import Prometheus, prometheus, prometheus_program

__all__ = ["prometheus", "prometheus_program"]
NAME = "modelmonitor-sentiment"
PAGE = b'modelmonitor_deployment_info{deployment_id="reviews"} 1\n'


def pod(name: str, **annotations: str) -> dict[str, Any]:
    ports = [{"containerPort": 8080}, {"containerPort": 8082}]
    metadata = {"name": name, "labels": {"app": "sentiment"}, "annotations": annotations}
    containers = [{"name": "model", "image": "model", "ports": ports}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers}}


@pytest.fixture
def of_service(namespace: Any, monitor: dict[str, Any]) -> dict[str, Any]:
    """A monitor of a Service, with nothing about its metrics or the name of its model."""
    spec = {"selector": {"app": "sentiment"}, "ports": [{"port": 80, "targetPort": 8080}]}
    namespace.create("Service", {"metadata": {"name": "sentiment"}, "spec": spec})
    monitor["spec"]["target"] = {"service": "sentiment"}
    return monitor


def endpoint(namespace: Any) -> tuple[int, str]:
    found = namespace.find("PodMonitor", NAME)
    if found is None:
        return (0, "")
    (place,) = found["spec"]["podMetricsEndpoints"]
    return (place["portNumber"], place["path"])


def test_pods_are_scraped_where_they_say_also_after_they_went(
    namespace: Any, start_operator: Callable[..., Any], of_service: dict[str, Any], prometheus_operator: None
) -> None:
    first = start_operator()
    namespace.create("ModelMonitor", of_service)
    namespace.wait(lambda: endpoint(namespace) == (8080, "/metrics"), why="the usual place before any pod")

    place = {"prometheus.kserve.io/port": "8082", "prometheus.kserve.io/path": "/v1/metrics"}
    namespace.create("Pod", pod("sentiment-1", **place))
    namespace.wait(lambda: endpoint(namespace) == (8082, "/v1/metrics"), why="where the pod says")
    namespace.wait(lambda: found(namespace).get("metricsPort") == 8082, why="it is remembered")

    namespace.http.delete(
        namespace.path("Pod", "sentiment-1"), params={"gracePeriodSeconds": 0}
    ).raise_for_status()
    first.stop()
    second = start_operator()
    namespace.wait(lambda: second.reconciles() >= 1, why="the monitor is looked at without its pod")
    assert endpoint(namespace) == (8082, "/v1/metrics")


def test_the_name_under_which_the_pods_log_is_the_name_that_jobs_look_for(
    namespace: Any,
    start_operator: Callable[..., Any],
    of_service: dict[str, Any],
    prometheus_operator: None,
    prometheus: Prometheus,
) -> None:
    namespace.create("Pod", pod("sentiment-1"))
    operator = start_operator(prometheus_url=prometheus.url, survey_s=0.5)
    namespace.create("ModelMonitor", of_service)
    namespace.wait(
        lambda: watched(namespace) == "sentiment", why="the name of the Service, before any scrape"
    )

    with ServedPages({"/metrics": lambda: PAGE}) as model:
        prometheus.configure(namespace=namespace.name, target=model.address, rules=None)
        prometheus.reload()
        namespace.wait(lambda: watched(namespace) == "reviews", why="the name that the pods report")
        whole = {
            "object": "Service/sentiment",
            "modelName": "reviews",
            "metricsPort": 8080,
            "metricsPath": "/metrics",
        }
        namespace.wait(lambda: found(namespace) == whole, why="the status says so")

        named = {"service": "sentiment", "modelName": "films"}
        namespace.patch("ModelMonitor", "sentiment", {"spec": {"target": named}})
        condition = namespace.wait_for_condition("sentiment", "TargetReachable", "False")
        assert condition["reason"] == "AnotherNameLogged"
        assert "under the name reviews, and this monitor looks for films" in condition["message"]
    operator.stop()


def found(namespace: Any) -> dict[str, Any]:
    """The target as the status shows it."""
    target: dict[str, Any] = namespace.get("ModelMonitor", "sentiment").get("status", {}).get("target", {})
    return target


def watched(namespace: Any) -> str:
    """The name that drift jobs find in their file."""
    found = namespace.find("ConfigMap", NAME)
    text = "{}" if found is None else found["data"]["monitor.yaml"]
    return str(json.loads(text).get("spec", {}).get("target", {}).get("modelName"))
