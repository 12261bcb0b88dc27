"""KServe's logger, set and taken back by server-side apply on a real API server."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

Start = Callable[..., Any]
COLLECTOR = "http://collector.monitoring.svc"
OURS = {"mode": "all", "url": COLLECTOR}
THEIRS = {"mode": "request", "url": "http://theirs.svc"}


@pytest.fixture
def captured(monitor: dict[str, Any]) -> dict[str, Any]:
    """A monitor that asks for the logger."""
    monitor["spec"]["target"] = {"inferenceService": "sentiment", "capture": "logger"}
    return monitor


@pytest.fixture
def start(start_operator: Start) -> Start:
    return lambda **settings: start_operator(collector_url=COLLECTOR, **settings)


def serve(namespace: Any, **predictor: Any) -> dict[str, Any]:
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "sentiment"},
        "spec": {"predictor": {"containers": [{"name": "kserve-container", "image": "model"}], **predictor}},
    }
    return namespace.create("InferenceService", service)


def predictor_of(namespace: Any) -> dict[str, Any]:
    return namespace.get("InferenceService", "sentiment")["spec"]["predictor"]


def logger_of(namespace: Any) -> Any:
    return predictor_of(namespace).get("logger")


def test_a_free_slot_gets_the_collector_and_is_free_again_when_nobody_asks(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    before = serve(namespace)["spec"]
    start()
    namespace.create("ModelMonitor", captured)

    condition = namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    assert condition["reason"] == "LoggerSet"
    assert predictor_of(namespace) == {**before["predictor"], "logger": OURS}

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"target": {"capture": "predictor"}}})

    namespace.wait(lambda: namespace.get("InferenceService", "sentiment")["spec"] == before, why="restored")
    namespace.wait(lambda: namespace.condition("sentiment", "CaptureReady") == {}, why="the condition goes")


def test_a_logger_of_somebody_else_is_left_alone(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    theirs = serve(namespace, logger=THEIRS)
    start()
    namespace.create("ModelMonitor", captured)

    condition = namespace.wait_for_condition("sentiment", "CaptureReady", "False")

    assert condition["reason"] == "LoggerTaken"
    assert "has a logger already, which sends to http://theirs.svc" in condition["message"]
    found = namespace.get("InferenceService", "sentiment")
    assert found["metadata"]["resourceVersion"] == theirs["metadata"]["resourceVersion"]

    namespace.patch("InferenceService", "sentiment", {"spec": {"predictor": {"logger": None}}})

    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    assert logger_of(namespace) == OURS


def test_deleting_the_monitor_takes_its_logger_back(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    before = serve(namespace)["spec"]
    start()
    namespace.create("ModelMonitor", captured)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")

    namespace.delete("ModelMonitor", "sentiment")

    namespace.wait(lambda: namespace.get("InferenceService", "sentiment")["spec"] == before, why="restored")


def test_a_monitor_deleted_while_no_operator_ran_loses_its_logger_at_the_next_start(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    before = serve(namespace)["spec"]
    first = start()
    namespace.create("ModelMonitor", captured)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    first.stop()
    namespace.delete("ModelMonitor", "sentiment")
    assert logger_of(namespace) == OURS

    start()

    namespace.wait(lambda: namespace.get("InferenceService", "sentiment")["spec"] == before, why="restored")


def test_the_logger_stays_while_another_monitor_asks_for_it(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    serve(namespace)
    start()
    second = {**captured, "metadata": {"name": "second"}}
    namespace.create("ModelMonitor", captured)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    namespace.create("ModelMonitor", second)
    namespace.wait_for_condition("second", "CaptureReady", "True")

    namespace.delete("ModelMonitor", "sentiment")
    namespace.wait(lambda: len(holders(namespace)) == 1, why="the first lets go")

    assert logger_of(namespace) == OURS
    namespace.delete("ModelMonitor", "second")
    namespace.wait(lambda: logger_of(namespace) is None, why="the last lets go")


def holders(namespace: Any) -> list[str]:
    managed = namespace.get("InferenceService", "sentiment")["metadata"]["managedFields"]
    return [each["manager"] for each in managed if each["manager"].startswith("modelmonitor-capture-")]


def test_a_logger_that_somebody_gave_another_address_is_theirs_from_then_on(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    serve(namespace)
    start()
    namespace.create("ModelMonitor", captured)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")

    readdressed = {"predictor": {"logger": {"url": THEIRS["url"]}}}
    namespace.patch("InferenceService", "sentiment", {"spec": readdressed})
    condition = namespace.wait_for_condition("sentiment", "CaptureReady", "False")
    namespace.wait(lambda: holders(namespace) == [], why="the monitor lets go")

    assert condition["reason"] == "LoggerTaken"
    assert logger_of(namespace) == {"mode": "all", "url": THEIRS["url"]}
    namespace.delete("ModelMonitor", "sentiment")
    time.sleep(2)
    assert logger_of(namespace) == {"mode": "all", "url": THEIRS["url"]}


def test_a_logger_that_got_another_address_while_no_operator_ran_outlasts_its_monitor(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    serve(namespace)
    first = start()
    namespace.create("ModelMonitor", captured)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    first.stop()
    readdressed = {"predictor": {"logger": {"url": THEIRS["url"]}}}
    namespace.patch("InferenceService", "sentiment", {"spec": readdressed})
    namespace.delete("ModelMonitor", "sentiment")

    start()
    namespace.wait(lambda: holders(namespace) == [], why="the monitor lets go")

    assert logger_of(namespace) == {"mode": "all", "url": THEIRS["url"]}


def test_after_a_logger_of_theirs_is_removed_the_slot_is_free(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    serve(namespace)
    start()
    namespace.create("ModelMonitor", captured)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    readdressed = {"predictor": {"logger": {"url": THEIRS["url"]}}}
    namespace.patch("InferenceService", "sentiment", {"spec": readdressed})
    namespace.wait_for_condition("sentiment", "CaptureReady", "False")
    namespace.wait(lambda: holders(namespace) == [], why="the monitor lets go")

    namespace.patch("InferenceService", "sentiment", {"spec": {"predictor": {"logger": None}}})

    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    assert logger_of(namespace) == OURS


def test_a_restart_with_the_logger_set_writes_nothing(
    namespace: Any, start: Start, captured: dict[str, Any]
) -> None:
    serve(namespace)
    first = start()
    namespace.create("ModelMonitor", captured)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    first.stop()

    second = start()
    namespace.wait(lambda: second.reconciles() >= 2, why="the monitor is looked at twice")

    assert second.writes() == 0


def test_without_an_address_of_the_collector_nothing_is_set(
    namespace: Any, start_operator: Start, captured: dict[str, Any]
) -> None:
    serve(namespace)
    start_operator()
    namespace.create("ModelMonitor", captured)

    condition = namespace.wait_for_condition("sentiment", "CaptureReady", "False")

    assert condition["reason"] == "CollectorUnknown"
    assert "MM_OPERATOR_COLLECTOR_URL" in condition["message"]
    assert logger_of(namespace) is None
