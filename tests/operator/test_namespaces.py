"""An operator for one, some or all namespaces, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from modelmonitor.metrics import (
    OPERATOR_API_REQUESTS,
    OPERATOR_MONITORS,
    OPERATOR_QUEUE,
    OPERATOR_RECONCILE_DURATION,
    OPERATOR_RECONCILES,
)

Start = Callable[..., Any]


@pytest.fixture
def three(namespace: Any, make_namespace: Callable[[], Any], monitor: dict[str, Any]) -> list[Any]:
    """Three namespaces with a monitor each."""
    spaces = [namespace, make_namespace(), make_namespace()]
    for space in spaces:
        space.create("ModelMonitor", monitor)
    return spaces


def looked_at(space: Any) -> bool:
    return "status" in space.get("ModelMonitor", "sentiment")


def test_some_namespaces_are_looked_after_and_others_are_not(three: list[Any], start_operator: Start) -> None:
    first, second, other = three
    operator = start_operator(namespaces=(first.name, second.name))

    for space in (first, second):
        space.wait_for_condition("sentiment", "Ready", "True")

    first.wait(lambda: f"{OPERATOR_MONITORS.name} 2.0" in operator.metrics(), why="it knows of two")
    assert not looked_at(other)
    assert other.list("CronJob") == []
    second.delete("CronJob", "sentiment-data")
    second.wait(lambda: second.find("CronJob", "sentiment-data"), why="the second is watched too")


def test_one_namespace_and_all(three: list[Any], start_operator: Start) -> None:
    first, *others = three
    one = start_operator(namespaces=(first.name,))
    first.wait_for_condition("sentiment", "Ready", "True")
    assert not any(looked_at(space) for space in others)
    one.stop()

    start_operator(namespaces=())

    for space in three:
        space.wait_for_condition("sentiment", "Ready", "True")


def test_it_tells_of_its_own_work(three: list[Any], start_operator: Start) -> None:
    first = three[0]
    operator = start_operator()
    first.wait_for_condition("sentiment", "Ready", "True")
    first.wait(lambda: operator.reconciles() >= 1, why="the reconcile is counted")

    page = operator.metrics()

    assert f"{OPERATOR_MONITORS.name} 1.0" in page
    assert f"{OPERATOR_QUEUE.name} " in page
    assert f'{OPERATOR_RECONCILES.name}{{result="failed"}} 0.0' in page
    assert f'{OPERATOR_RECONCILE_DURATION.name}_bucket{{le="10.0"}}' in page
    assert f'{OPERATOR_API_REQUESTS.name}{{code="201",verb="PATCH"}}' in page
