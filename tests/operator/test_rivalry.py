"""Two that write the same field against each other, on a real API server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

Start = Callable[..., Any]


def image_of(namespace: Any, name: str = "sentiment-data") -> str:
    pod = namespace.get("CronJob", name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    return pod["containers"][0]["image"]


def test_two_operators_with_different_settings_soon_write_seldom_and_say_so(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    monitor["spec"]["checks"] = [{"name": "data", "type": "data"}]
    first = start_operator(job_image="example.com/job:1")
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    second = start_operator(job_image="example.com/job:2")

    condition = namespace.wait_for_condition("sentiment", "Ready", "False")
    time.sleep(1)
    before = first.writes() + second.writes(), first.reconciles() + second.reconciles()
    time.sleep(6)
    after = first.writes() + second.writes(), first.reconciles() + second.reconciles()

    assert condition["reason"] == "ApplyFailed"
    assert (
        "CronJob sentiment-data: Somebody, perhaps a second operator, changes it back" in condition["message"]
    )
    # Three CronJobs, each twice by each of the two, and their statuses; without a limit it was a thousand.
    assert after[0] - before[0] <= 30
    assert after[1] - before[1] <= 30

    second.stop()

    # Not the condition first: the last words of the second may be that all is as it wants it.
    namespace.wait(lambda: image_of(namespace) == "example.com/job:1", why="the first has its way")
    namespace.wait_for_condition("sentiment", "Ready", "True")


def test_two_operators_that_see_different_things_do_not_fight_over_the_status(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    first = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    second = start_operator(prometheus_url="http://127.0.0.1:9")
    time.sleep(5)

    before = first.writes() + second.writes()
    time.sleep(10)

    assert first.writes() + second.writes() - before <= 12


def test_a_tool_that_keeps_changing_a_field_is_named(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")

    theirs = {"kind": "CronJob", "metadata": {"name": "sentiment-data"}, "spec": {"schedule": "1 1 1 1 1"}}
    with rewriting(namespace, {"apiVersion": "batch/v1", **theirs}, manager="argocd-controller"):
        condition = namespace.wait_for_condition("sentiment", "Ready", "False")
        before = operator.writes()
        time.sleep(5)
        assert operator.writes() - before <= 6
        assert "argocd-controller" in condition["message"]

    namespace.wait_for_condition("sentiment", "Ready", "True")
    assert namespace.get("CronJob", "sentiment-data")["spec"]["schedule"] == "7 2 * * *"


def test_what_a_tool_keeps_making_anew_is_removed_seldom(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    ours = namespace.get("ConfigMap", "modelmonitor-sentiment")["metadata"]
    copied = {"name": "extra", "labels": ours["labels"], "ownerReferences": ours["ownerReferences"]}

    extra = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": copied, "data": {"a": "b"}}
    with rewriting(namespace, extra, manager="argocd-controller"):
        condition = namespace.wait_for_condition("sentiment", "Ready", "False")
        before = operator.writes()
        time.sleep(5)
        assert operator.writes() - before <= 6
        assert "ConfigMap extra: " in condition["message"]

    namespace.wait(lambda: namespace.find("ConfigMap", "extra") is None, why="it goes at last")
    namespace.wait_for_condition("sentiment", "Ready", "True")


def test_two_operators_of_different_collectors_do_not_make_kserve_roll_the_pods_again_and_again(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    predictor = {"containers": [{"name": "kserve-container", "image": "model"}]}
    head = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService"}
    service = {**head, "metadata": {"name": "sentiment"}, "spec": {"predictor": predictor}}
    namespace.create("InferenceService", service)
    monitor["spec"]["target"] = {"inferenceService": "sentiment", "capture": "logger"}
    start_operator(collector_url="http://first.svc")
    start_operator(collector_url="http://second.svc")
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")
    time.sleep(5)

    before = namespace.get("InferenceService", "sentiment")["metadata"]["generation"]
    time.sleep(5)

    assert namespace.get("InferenceService", "sentiment")["metadata"]["generation"] - before <= 4


@contextmanager
def rewriting(namespace: Any, body: dict[str, Any], *, manager: str) -> Iterator[None]:
    """An object is applied again and again, as a GitOps tool does that heals itself."""
    stop = threading.Event()

    def write() -> None:
        while not stop.wait(0.02):
            namespace.http.patch(
                namespace.path(body["kind"], body["metadata"]["name"]),
                content=json.dumps(body),
                params={"fieldManager": manager, "force": "true"},
                headers={"Content-Type": "application/apply-patch+yaml"},
            )

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
