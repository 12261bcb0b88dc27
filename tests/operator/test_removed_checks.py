"""Results of checks that are no longer in the spec: they decide nothing, and they go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

DRIFT = {"name": "data", "type": "data", "verdict": "Drift", "severity": "critical"}


@pytest.fixture
def ready(namespace: Any, start_operator: Callable[..., Any], monitor: dict[str, Any]) -> None:
    """An operator that has seen a monitor with one check, called data."""
    start_operator()
    monitor["spec"]["checks"] = [{"name": "data", "type": "data"}]
    namespace.create("ModelMonitor", monitor)
    namespace.wait(lambda: namespace.find("CronJob", "sentiment-data"), why="the CronJob is made")


def results(namespace: Any) -> list[str]:
    """Names of the checks that have a result."""
    status = namespace.get("ModelMonitor", "sentiment").get("status", {})
    return [each["name"] for each in status.get("checks", [])]


def test_checks_may_be_renamed_more_often_than_the_list_is_long(namespace: Any, ready: None) -> None:
    for number in range(20):
        name = f"data-{number}"
        namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": [{"name": name, "type": "data"}]}})
        namespace.write_checks("sentiment", [{"name": name, "type": "data", "verdict": "NoDrift"}])
        namespace.wait(lambda name=name: results(namespace) == [name], why=f"only {name} is left")


def test_an_entry_that_nobodys_job_wrote_is_no_reason_to_write_for_ever(namespace: Any, ready: None) -> None:
    entry = {**DRIFT, "name": "stranger"}
    namespace.patch("ModelMonitor", "sentiment", {"status": {"checks": [entry]}}, subresource="/status")
    namespace.wait_for_condition("sentiment", "DriftDetected", "Unknown")
    seen: list[str] = []

    def settled() -> bool:
        seen.append(namespace.get("ModelMonitor", "sentiment")["metadata"]["resourceVersion"])
        return len(seen) > 20 and len(set(seen[-20:])) == 1

    namespace.wait(settled, why="the operator settles")
    assert results(namespace) == ["stranger"]
    assert namespace.get("ModelMonitor", "sentiment")["status"]["verdict"] == "Inconclusive"


def test_a_check_that_changed_its_type_starts_without_a_result(namespace: Any, ready: None) -> None:
    namespace.write_checks("sentiment", [DRIFT])
    namespace.wait_for_condition("sentiment", "DriftDetected", "True")

    other = {"name": "data", "type": "performance"}
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": [other]}})

    assert namespace.wait_for_condition("sentiment", "DriftDetected", "Unknown")["reason"] == "NotYetObserved"
