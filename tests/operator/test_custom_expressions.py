"""Alerts whose expression a person wrote: one that the cluster refuses harms no other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from controller.desired.names import custom_rule_name

ADMISSION = "/apis/admissionregistration.k8s.io/v1"
LATENCY = custom_rule_name("sentiment", "ModelLatencyHigh")
DOWN = custom_rule_name("sentiment", "ModelTargetDown")
BROKEN = "sum("


def with_expressions(**by_alert: str) -> dict[str, Any]:
    written = [{"alert": alert, "expr": expr} for alert, expr in by_alert.items()]
    return {"spec": {"alerts": {"overrides": written}}}


def alerts_in(rule: dict[str, Any]) -> dict[str, str]:
    rules = [each for group in rule["spec"]["groups"] for each in group["rules"]]
    return {each["alert"]: each["expr"] for each in rules if "alert" in each}


@pytest.fixture
def ready(
    namespace: Any, start_operator: Callable[..., Any], monitor: dict[str, Any], prometheus_operator: None
) -> None:
    """An operator that has brought a monitor to its spec."""
    start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")


@pytest.fixture
def picky(namespace: Any, prometheus_operator: None) -> Iterator[None]:
    """The API server refuses objects with one expression, as the webhook of Prometheus Operator does."""
    every = f"object.spec.groups.all(group, group.rules.all(rule, string(rule.expr) != {BROKEN!r}))"
    kind = {"apiGroups": ["monitoring.coreos.com"], "apiVersions": ["v1"], "resources": ["prometheusrules"]}
    policy = {
        "matchConstraints": {"resourceRules": [{**kind, "operations": ["CREATE", "UPDATE"]}]},
        "validations": [{"expression": every, "message": "unclosed left parenthesis"}],
    }
    here = {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}}
    binding = {
        "policyName": namespace.name,
        "validationActions": ["Deny"],
        "matchResources": {"namespaceSelector": here},
    }
    paths = {"validatingadmissionpolicies": policy, "validatingadmissionpolicybindings": binding}
    for path, spec in paths.items():
        body = {"metadata": {"name": namespace.name}, "spec": spec}
        namespace.http.post(f"{ADMISSION}/{path}", json=body).raise_for_status()
    namespace.wait(lambda: refuses(namespace), why="the policy is in force")
    yield
    for path in reversed(paths):
        namespace.http.delete(f"{ADMISSION}/{path}/{namespace.name}").raise_for_status()


def refuses(namespace: Any) -> bool:
    body = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "attempt"},
        "spec": {"groups": [{"name": "attempt", "rules": [{"alert": "Attempt", "expr": BROKEN}]}]},
    }
    answer = namespace.http.post(namespace.path("PrometheusRule"), json=body, params={"dryRun": "All"})
    return answer.status_code == 422


def test_an_expression_lives_in_an_object_of_its_own_and_goes_with_the_override(
    namespace: Any, ready: None
) -> None:
    ours = alerts_in(namespace.get("PrometheusRule", "modelmonitor-sentiment"))

    namespace.patch("ModelMonitor", "sentiment", with_expressions(ModelLatencyHigh="sum(up) < 2"))
    namespace.wait(lambda: namespace.find("PrometheusRule", LATENCY), why="the object comes")
    namespace.wait_for_condition("sentiment", "Ready", "True")

    assert alerts_in(namespace.get("PrometheusRule", LATENCY)) == {"ModelLatencyHigh": "sum(up) < 2"}
    stock = alerts_in(namespace.get("PrometheusRule", "modelmonitor-sentiment"))
    assert ours.keys() - stock.keys() == {"ModelLatencyHigh"}
    children = namespace.get("ModelMonitor", "sentiment")["status"]["children"]
    assert LATENCY in [child["name"] for child in children if child["kind"] == "PrometheusRule"]

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"alerts": None}})
    namespace.wait(lambda: namespace.find("PrometheusRule", LATENCY) is None, why="the object goes")

    assert alerts_in(namespace.get("PrometheusRule", "modelmonitor-sentiment")) == ours


def test_an_expression_may_hold_any_character(namespace: Any, ready: None) -> None:
    expr = 'up{team="größe 😀"}\n# \x85\u2028\ufeff\n== 0\n'

    namespace.patch("ModelMonitor", "sentiment", with_expressions(ModelLatencyHigh=expr))
    namespace.wait_for_condition("sentiment", "Ready", "True")

    assert alerts_in(namespace.get("PrometheusRule", LATENCY)) == {"ModelLatencyHigh": expr}


def test_a_suspended_monitor_has_no_such_object(namespace: Any, ready: None) -> None:
    namespace.patch("ModelMonitor", "sentiment", with_expressions(ModelLatencyHigh="sum(up) < 2"))
    namespace.wait(lambda: namespace.find("PrometheusRule", LATENCY), why="the object comes")

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"suspend": True}})

    namespace.wait(lambda: namespace.find("PrometheusRule", LATENCY) is None, why="the object goes")


def test_an_expression_that_is_refused_is_told_and_harms_no_other_alert(
    namespace: Any, ready: None, picky: None
) -> None:
    written = with_expressions(ModelLatencyHigh=BROKEN, ModelTargetDown="sum(up) < 2")
    namespace.patch("ModelMonitor", "sentiment", written)

    told = namespace.wait_for_condition("sentiment", "Ready", "False")

    assert told["reason"] == "ApplyFailed"
    assert f"PrometheusRule {LATENCY}" in told["message"]
    assert "unclosed left parenthesis" in told["message"]
    assert namespace.find("PrometheusRule", LATENCY) is None
    assert alerts_in(namespace.get("PrometheusRule", DOWN)) == {"ModelTargetDown": "sum(up) < 2"}
    assert "ModelDriftDetected" in alerts_in(namespace.get("PrometheusRule", "modelmonitor-sentiment"))


def test_an_expression_that_is_corrected_is_applied(namespace: Any, ready: None, picky: None) -> None:
    namespace.patch("ModelMonitor", "sentiment", with_expressions(ModelLatencyHigh=BROKEN))
    namespace.wait_for_condition("sentiment", "Ready", "False")

    namespace.patch("ModelMonitor", "sentiment", with_expressions(ModelLatencyHigh="sum(up) < 2"))

    namespace.wait_for_condition("sentiment", "Ready", "True")
    assert alerts_in(namespace.get("PrometheusRule", LATENCY)) == {"ModelLatencyHigh": "sum(up) < 2"}
