"""Look at what a monitor monitors: the InferenceService or Service, and its pods."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from controller.cluster.errors import ObjectMissing, ObjectRejected
from controller.cluster.serving import serving_facts
from controller.manifest import DEPLOYMENT, INFERENCE_SERVICE, POD, SERVICE, Capabilities, Kind
from controller.observation import (
    DeploymentFact,
    MetricsHint,
    PodFact,
    ServingFacts,
    TargetFacts,
    static_selector,
)
from modelmonitor.api.target import Target

_FINISHED: Final = ("Succeeded", "Failed")
_ANNOTATED: Final = ("prometheus.kserve.io", "prometheus.io")
_PORT_NAMES: Final = ("metrics", "http-metrics")


class Reader(Protocol):
    """What of the API server is needed."""

    async def get(self, kind: Kind, namespace: str, name: str) -> dict[str, Any]:
        """One object."""

    async def list(self, kind: Kind, namespace: str, *, labels: Mapping[str, str]) -> list[dict[str, Any]]:
        """Objects of a namespace with all of the labels."""


async def look_at_target(
    target: Target, namespace: str, *, capabilities: Capabilities, reader: Reader
) -> TargetFacts:
    """The target as it is now.

    Raises:
        ClusterError: the API server does not tell.
    """
    try:
        return await _look(target, namespace, capabilities=capabilities, reader=reader)
    except ObjectRejected as error:
        # Without it results of jobs must still be told, and the usual objects made.
        return TargetFacts(static_selector(target), obstacle=f"The target cannot be looked at. {error}")


async def _look(target: Target, namespace: str, *, capabilities: Capabilities, reader: Reader) -> TargetFacts:
    if target.inference_service is not None and not capabilities.serves(INFERENCE_SERVICE):
        absent = "KServe is not installed, so there is no InferenceService; install it or monitor a Service."
        return TargetFacts(static_selector(target), obstacle=absent)
    try:
        serving = await _serving(target, namespace, reader=reader)
        selector = await _selector(target, namespace, reader=reader)
    except ObjectMissing:
        kind = "InferenceService" if target.inference_service else "Service"
        absent = (
            f"{kind} {target.inference_service or target.service} does not exist in namespace {namespace}."
        )
        return TargetFacts(static_selector(target), obstacle=absent)
    if not selector:
        absent = f"Service {target.service} selects no pods; monitor their labels with podSelector instead."
        return TargetFacts(None, obstacle=absent)
    pods = await reader.list(POD, namespace, labels=selector)
    running = tuple(_pod(pod) for pod in pods if not _finished(pod))
    deployments = () if running else await _deployments(selector, namespace, reader=reader)
    return TargetFacts(selector, pods=running, serving=serving, deployments=deployments)


async def _deployments(
    selector: Mapping[str, str], namespace: str, *, reader: Reader
) -> tuple[DeploymentFact, ...]:
    try:
        found = await reader.list(DEPLOYMENT, namespace, labels={})
    except ObjectRejected:
        return ()  # not allowed: rights of an older version. Then no pod is a fault, as it was then.
    return tuple(
        DeploymentFact(each["metadata"]["name"], int(each["spec"].get("replicas", 1)))
        for each in found
        if selector.items() <= (each["spec"]["template"]["metadata"].get("labels") or {}).items()
    )


async def _serving(target: Target, namespace: str, *, reader: Reader) -> ServingFacts | None:
    if target.inference_service is None:
        return None
    return serving_facts(await reader.get(INFERENCE_SERVICE, namespace, target.inference_service))


async def _selector(target: Target, namespace: str, *, reader: Reader) -> Mapping[str, str] | None:
    if target.service is not None:
        service = await reader.get(SERVICE, namespace, target.service)
        selector: Mapping[str, str] | None = service["spec"].get("selector")
        return selector
    return static_selector(target)


def _finished(pod: Mapping[str, Any]) -> bool:
    return pod.get("status", {}).get("phase") in _FINISHED


def _pod(pod: Mapping[str, Any]) -> PodFact:
    conditions = pod.get("status", {}).get("conditions") or []
    ready = any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
    containers = [*pod["spec"]["containers"], *(pod["spec"].get("initContainers") or [])]
    ports = [port for each in containers for port in each.get("ports") or []]
    return PodFact(
        pod["metadata"]["name"],
        ready,
        ports=frozenset(port["containerPort"] for port in ports),
        hints=tuple(_hints(pod["metadata"].get("annotations") or {}, ports)),
    )


def _hints(annotations: Mapping[str, str], ports: Sequence[Mapping[str, Any]]) -> Iterator[MetricsHint]:
    # KServe annotates pods with what the serving runtime says; the second prefix is older than both.
    for prefix in _ANNOTATED:
        port = annotations.get(f"{prefix}/port", "")
        if port.isdecimal():
            yield MetricsHint(int(port), annotations.get(f"{prefix}/path", ""))
    yield from (MetricsHint(each["containerPort"]) for each in ports if each.get("name") in _PORT_NAMES)
