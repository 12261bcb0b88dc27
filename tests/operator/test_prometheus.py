"""RulesLoaded and TargetReachable, proved by a real Prometheus that gets the operator's own rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controller.desired.names import custom_rule_name
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


def all_rules(namespace: Any, *, without: str = "") -> dict[str, Any]:
    """What Prometheus Operator makes of all PrometheusRules, but for one that it cannot read."""
    objects = [each for each in namespace.list("PrometheusRule") if each["metadata"]["name"] != without]
    return {"groups": [group for each in objects for group in each["spec"]["groups"]]}


def rules_loaded(namespace: Any) -> str:
    condition = namespace.condition("sentiment", "RulesLoaded")
    return f"{condition.get('status')}: {condition.get('message')}"


@pytest.mark.parametrize(
    "expression", ["sum(up) < 2", 'up{namespace="web",modelmonitor="spam"} == 0'], ids=["bare", "of another"]
)
def test_an_expression_that_a_person_wrote_is_found_whatever_it_reads(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    prometheus: Prometheus,
    expression: str,
) -> None:
    start_operator(prometheus_url=prometheus.url, survey_s=0.5, recheck_s=3600)
    monitor["spec"]["alerts"] = {"overrides": [{"alert": "ModelLatencyHigh", "expr": expression}]}
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")

    broken = custom_rule_name("sentiment", "ModelLatencyHigh")
    prometheus.configure(namespace=namespace.name, rules=all_rules(namespace, without=broken))
    prometheus.reload()
    lacking = (
        "False: Prometheus has not loaded modelmonitor.sentiment.ModelLatencyHigh: if that lasts, correct"
    )
    namespace.wait(lambda: rules_loaded(namespace).startswith(lacking), why="only that group is lacking")

    prometheus.configure(namespace=namespace.name, rules=all_rules(namespace))
    prometheus.reload()
    every = "True: Prometheus evaluates all 5 rule groups."
    namespace.wait(lambda: rules_loaded(namespace) == every, why="all are loaded")


TWO_OF_A_KIND = " or ".join(f'label_replace(vector(1), "namespace", "{each}", "", "")' for each in "ab")


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("vector(1)[5m:1m]", "rule result is not a vector or scalar"),
        (TWO_OF_A_KIND, "vector contains metrics with the same labelset after applying alert labels"),
    ],
    ids=["a range", "two results of the same labels"],
)
def test_an_expression_that_cannot_be_computed_is_told_in_the_words_of_prometheus(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    prometheus: Prometheus,
    expression: str,
    said: str,
) -> None:
    start_operator(prometheus_url=prometheus.url, survey_s=0.5, recheck_s=3600)
    monitor["spec"]["alerts"] = {"overrides": [{"alert": "ModelLatencyHigh", "expr": expression}]}
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")

    prometheus.configure(namespace=namespace.name, rules=all_rules(namespace))
    prometheus.reload()

    told = f"False: modelmonitor.sentiment.ModelLatencyHigh: {said}"
    namespace.wait(lambda: rules_loaded(namespace) == told, why="its error is told")


def test_the_operator_outlives_whatever_answers_in_the_place_of_prometheus(
    namespace: Any, start_operator: Callable[..., Any], monitor: dict[str, Any], prometheus_operator: None
) -> None:
    asked = "/api/v1/rules?exclude_alerts=true&group_limit=200"
    with ServedPages({asked: lambda: b"[]"}) as something:
        operator = start_operator(prometheus_url=f"http://{something.address}", survey_s=0.5)
        namespace.create("ModelMonitor", monitor)

        namespace.wait(lambda: "is no answer of Prometheus" in rules_loaded(namespace), why="it is told")
        assert operator.healthz() == 200
