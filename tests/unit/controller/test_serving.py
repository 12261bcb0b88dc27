"""What an InferenceService says of itself, in the forms that KServe 0.20 and Knative write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from controller.cluster.serving import captors, serving_facts
from controller.desired.gauges import gauges
from controller.desired.object_conditions import target_reachable
from controller.manifest import ObjectKey
from controller.observation import (
    DeploymentFact,
    LoggerFact,
    PodFact,
    PrometheusFacts,
    ServingFacts,
    TargetFacts,
    TrafficShare,
)
from modelmonitor.api.v1alpha1 import ModelMonitor

READY = [{"type": "PredictorReady", "status": "True"}, {"type": "Ready", "status": "True"}]
CANARY = [
    {"revisionName": "sentiment-predictor-00001", "percent": 90, "latestRevision": False, "tag": "prev"},
    {"revisionName": "sentiment-predictor-00002", "percent": 10, "latestRevision": True},
    {"revisionName": "sentiment-predictor-00000", "tag": "old"},
]


def service(*, spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "sentiment", "uid": "u-9"}, "spec": spec or {}, "status": status}


def managed(manager: str) -> dict[str, Any]:
    fields = {"f:spec": {"f:predictor": {"f:logger": {"f:mode": {}, "f:url": {}}}}}
    return {"manager": manager, "operation": "Apply", "fieldsV1": fields}


def test_a_standard_service_has_all_of_its_traffic_in_one_place() -> None:
    assert serving_facts(service(deploymentMode="Standard", conditions=READY)) == ServingFacts(
        "u-9", ready=True
    )


def test_a_canary_of_knative_splits_the_traffic_between_revisions() -> None:
    facts = serving_facts(
        service(deploymentMode="Knative", conditions=READY, components={"predictor": {"traffic": CANARY}})
    )

    shares = (
        TrafficShare("sentiment-predictor-00001", 90),
        TrafficShare("sentiment-predictor-00002", 10),
    )
    assert facts == ServingFacts("u-9", knative=True, ready=True, traffic=shares)


def test_the_mode_of_an_older_kserve_is_its_annotation() -> None:
    older = service(conditions=READY)
    older["metadata"]["annotations"] = {"serving.kserve.io/deploymentMode": "Serverless"}

    assert serving_facts(older).knative


def test_whose_logger_it_is_stands_in_the_managed_fields() -> None:
    logged = service(spec={"predictor": {"logger": {"mode": "all", "url": "http://c"}}})
    logged["metadata"]["managedFields"] = [
        managed("modelmonitor-capture-sentiment"),
        {"manager": "kubectl", "fieldsV1": {"f:spec": {"f:predictor": {"f:containers": {}}}}},
    ]

    own = frozenset({"modelmonitor-capture-sentiment"})
    assert serving_facts(logged).logger == LoggerFact("http://c", own, addressed_by=own, mode="all")
    assert captors(logged["metadata"]) == {"sentiment"}


def test_a_canary_is_told_in_the_condition_and_in_a_gauge(monitor_with: Callable[..., ModelMonitor]) -> None:
    shares = (TrafficShare("r-1", 90), TrafficShare("r-2", 10))
    target = TargetFacts(
        {"a": "b"},
        pods=(PodFact("p", ready=True, ports=frozenset({8080})),),
        serving=ServingFacts("u-9", knative=True, ready=True, traffic=shares),
    )

    told = target_reachable(monitor_with(), target, prometheus=PrometheusFacts(targets=1, up=1))
    shown = gauges(ObjectKey("ml", "sentiment"), (), (), target=target)

    assert told.message == (
        "Prometheus reaches 1 of 1 pods that it knows; traffic goes 90 % to r-1, 10 % to r-2."
    )
    assert {sample.labels: sample.value for sample in shown} == {
        ("ml", "sentiment"): 0,
        ("ml", "sentiment", "r-1"): 90,
        ("ml", "sentiment", "r-2"): 10,
    }


READY_POD = PodFact("p", ready=False, ports=frozenset({8080}))
KNATIVE = ServingFacts("u-9", knative=True, ready=True)


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        (TargetFacts({}, serving=KNATIVE), "Knative has scaled the model to zero; a pod starts"),
        (TargetFacts({}, serving=ServingFacts("u", stopped=True)), "The InferenceService is stopped"),
        (TargetFacts({}, deployments=(DeploymentFact("a", 0),)), "Deployment a is scaled to 0 replicas."),
    ],
)
def test_a_model_that_is_scaled_to_zero_on_purpose_is_no_fault(
    monitor_with: Callable[..., ModelMonitor], target: TargetFacts, sentence: str
) -> None:
    condition = target_reachable(monitor_with(), target, prometheus=PrometheusFacts())
    (shown,) = gauges(ObjectKey("ml", "sentiment"), (), (), target=target)

    assert (condition.status, condition.reason) == ("Unknown", "ScaledToZero")
    assert condition.message.startswith(sentence)
    assert (shown.metric.name, shown.value) == ("modelmonitor_target_scaled_to_zero", 1)


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(TargetFacts({"a": "b"}, serving=replace(KNATIVE, ready=False)), id="knative gave it up"),
        pytest.param(TargetFacts({"a": "b"}, pods=(READY_POD,), serving=KNATIVE), id="a pod crashes"),
        pytest.param(
            TargetFacts({"a": "b"}, deployments=(DeploymentFact("a", 0), DeploymentFact("b", 1))),
            id="a pod is wanted and absent",
        ),
        pytest.param(TargetFacts({"a": "b"}), id="nothing makes pods"),
    ],
)
def test_a_model_without_pods_that_should_have_one_is_down(target: TargetFacts) -> None:
    (shown,) = gauges(ObjectKey("ml", "sentiment"), (), (), target=target)

    assert target.asleep is None
    assert (shown.metric.name, shown.value) == ("modelmonitor_target_scaled_to_zero", 0)
