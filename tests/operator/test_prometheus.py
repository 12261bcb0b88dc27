"""RulesLoaded and TargetReachable, proved by a real Prometheus that gets the operator's own rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.dashboards.filling import ServedPages
from tests.operator.prometheus import Prometheus, prometheus, prometheus_program

__all__ = ["prometheus", "prometheus_program"]


def pod() -> dict[str, Any]:
    container = {"name": "model", "image": "model", "ports": [{"containerPort": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "sentiment-1", "labels": {"app": "sentiment"}},
        "spec": {"containers": [container]},
    }


def reason(namespace: Any, kind: str) -> tuple[str, str]:
    condition = namespace.condition("sentiment", kind)
    return condition.get("status", ""), condition.get("reason", "")


def test_rules_and_target_are_believed_when_prometheus_has_them(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    prometheus: Prometheus,
) -> None:
    namespace.create("Pod", pod())
    asking = {"prometheus_url": prometheus.url, "survey_s": 0.5, "recheck_s": 3600}
    first = start_operator(**asking)
    namespace.create("ModelMonitor", monitor)
    namespace.wait(lambda: reason(namespace, "RulesLoaded") == ("False", "RulesRejected"), why="not loaded")
    assert "has not loaded" in namespace.condition("sentiment", "RulesLoaded")["message"]
    assert reason(namespace, "TargetReachable") == ("False", "ScrapeFailed")

    rules = namespace.get("PrometheusRule", "modelmonitor-sentiment")["spec"]
    page = b'model_info{model_name="sentiment",version="7"} 1\n'
    with ServedPages({"/metrics": lambda: page}) as model:
        prometheus.configure(namespace=namespace.name, target=model.address, rules=rules)
        prometheus.reload()

        namespace.wait(lambda: reason(namespace, "RulesLoaded") == ("True", "RulesApplied"), why="loaded")
        namespace.wait(
            lambda: reason(namespace, "TargetReachable") == ("True", "ScrapeSucceeded"), why="reached"
        )
        namespace.wait(
            lambda: namespace.get("ModelMonitor", "sentiment")["status"].get("modelVersion") == "7",
            why="its version is told",
        )

        first.stop()
        second = start_operator(**asking)
        namespace.wait(lambda: second.reconciles() >= 1, why="the monitor is looked at")
        assert second.writes() == 0

    namespace.wait(lambda: reason(namespace, "TargetReachable") == ("False", "ScrapeFailed"), why="down")
