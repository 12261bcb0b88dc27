"""What a spec leaves open about its target is found, and kept while nothing newer is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from controller.cluster.target import _pod
from controller.desired.discovery import completed, discover
from controller.desired.object_conditions import target_reachable
from controller.observation import MetricsHint, PodFact, PrometheusFacts, TargetFacts
from modelmonitor.api.status import TargetStatus
from modelmonitor.api.v1alpha1 import ModelMonitor

MakeMonitor = Callable[..., ModelMonitor]
KSERVE = MetricsHint(8082, "/v1/metrics")
OLD = MetricsHint(15020, "/stats/prometheus")
NAMED = MetricsHint(9100)
USUAL = TargetStatus(
    object="InferenceService/sentiment", model_name="sentiment", metrics_port=8080, metrics_path="/metrics"
)


def pod(*ports: int, hints: tuple[MetricsHint, ...] = (), ready: bool = True, name: str = "p") -> PodFact:
    return PodFact(name, ready=ready, ports=frozenset(ports), hints=hints)


def found(
    monitor: ModelMonitor,
    *pods: PodFact,
    deployments: tuple[str, ...] | None = None,
    before: TargetStatus | None = None,
) -> TargetStatus:
    prometheus = None if deployments is None else PrometheusFacts(deployments=deployments)
    return discover(monitor, TargetFacts({}, pods=pods), prometheus=prometheus, before=before)


def test_with_nothing_to_see_the_usual_holds(monitor_with: MakeMonitor) -> None:
    assert found(monitor_with()) == USUAL


@pytest.mark.parametrize(
    ("pods", "place"),
    [
        pytest.param([pod(8080, 8082, hints=(KSERVE,))], (8082, "/v1/metrics"), id="an annotation"),
        pytest.param([pod(8080, 9100, hints=(NAMED,))], (9100, "/metrics"), id="a port that is called so"),
        pytest.param([pod(8080, 9081)], (8080, "/metrics"), id="the usual one beside a sidecar's"),
        pytest.param([pod(8000)], (8000, "/metrics"), id="the only one"),
        pytest.param([pod(8000, 8001)], (8080, "/metrics"), id="none of two that say nothing"),
        pytest.param([pod(8080, 15090, hints=(OLD,))], (8080, "/metrics"), id="not the port of a mesh"),
        pytest.param([pod(8080, hints=(KSERVE,))], (8080, "/metrics"), id="not a port that is not there"),
        pytest.param([pod(8000, name="a"), pod(8080), pod(8080)], (8080, "/metrics"), id="that of most"),
        pytest.param(
            [pod(8000, name="a", ready=False), pod(8080, name="b")], (8080, "/metrics"), id="of the ready"
        ),
    ],
)
def test_the_pods_tell_where_their_metrics_are(
    monitor_with: MakeMonitor, pods: list[PodFact], place: tuple[int, str]
) -> None:
    seen = found(monitor_with(), *pods)

    assert (seen.metrics_port, seen.metrics_path) == place


def test_the_spec_has_the_last_word(monitor_with: MakeMonitor) -> None:
    place = {"port": 9000, "path": "/m"}
    monitor = monitor_with(target={"inferenceService": "sentiment", "modelName": "reviews", "metrics": place})

    seen = found(monitor, pod(8080, 8082, hints=(KSERVE,)), deployments=("other",), before=USUAL)

    assert seen == TargetStatus(
        object="InferenceService/sentiment", model_name="reviews", metrics_port=9000, metrics_path="/m"
    )


def test_what_was_found_stays_while_pods_sleep_and_prometheus_is_away(monitor_with: MakeMonitor) -> None:
    once = found(monitor_with(), pod(8082, hints=(KSERVE,)), deployments=("reviews",))

    assert found(monitor_with(), before=once) == once
    assert found(monitor_with(), deployments=(), before=once) == once
    assert (once.model_name, once.metrics_port) == ("reviews", 8082)


def test_of_another_target_nothing_old_is_believed(monitor_with: MakeMonitor) -> None:
    other = USUAL.model_copy(update={"object": "Service/spam", "model_name": "spam", "metrics_port": 1})

    assert found(monitor_with(), before=other) == USUAL


def test_during_a_roll_out_to_another_name_the_watched_one_stays(monitor_with: MakeMonitor) -> None:
    before = USUAL.model_copy(update={"model_name": "a"})

    assert found(monitor_with(), deployments=("a", "b"), before=before).model_name == "a"
    assert found(monitor_with(), deployments=("b",), before=before).model_name == "b"


def test_what_others_log_is_not_told_by_the_pods(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(target={"inferenceService": "sentiment", "capture": "logger"})

    assert found(monitor, deployments=("other",)).model_name == "sentiment"


def test_what_is_made_of_a_monitor_has_nothing_left_open(monitor_with: MakeMonitor) -> None:
    whole = completed(monitor_with(), found(monitor_with(), pod(8082), deployments=("reviews",)))

    assert whole.model_name == "reviews"
    assert whole.spec.target.to_manifest()["metrics"] == {
        "port": 8082,
        "path": "/metrics",
        "interval": "15s",
    }


def test_a_monitor_of_a_name_that_nobody_logs_is_told(monitor_with: MakeMonitor) -> None:
    monitor = monitor_with(target={"inferenceService": "sentiment", "modelName": "sentiment"})
    seen = PrometheusFacts(targets=1, up=1, deployments=("reviews",))

    told = target_reachable(monitor, TargetFacts({}, pods=(pod(8080),)), prometheus=seen)

    assert (told.status, told.reason) == ("False", "AnotherNameLogged")
    assert told.message == (
        "The pods log their predictions under the name reviews, and this monitor looks for sentiment: set "
        "spec.target.modelName to the name that is logged, or leave it out to have it found."
    )


def test_a_pod_is_read_with_its_annotations_and_named_ports() -> None:
    annotations = {
        "prometheus.io/port": "15020",
        "prometheus.kserve.io/port": "8082",
        "prometheus.kserve.io/path": "/v1/metrics",
    }
    ports: list[dict[str, Any]] = [{"containerPort": 8082}, {"containerPort": 9100, "name": "metrics"}]

    read = _pod(
        {"metadata": {"name": "p", "annotations": annotations}, "spec": {"containers": [{"ports": ports}]}}
    )

    assert read == pod(8082, 9100, hints=(KSERVE, MetricsHint(15020), NAMED), ready=False)
    strange = {"prometheus.io/port": "http"}
    bare = {"metadata": {"name": "p", "annotations": strange}, "spec": {"containers": [{}]}}
    assert _pod(bare) == pod(ready=False)
