"""What was seen of the world around a monitor: values, read in one go and judged afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from modelmonitor.api.target import Target

INFERENCE_SERVICE_LABEL = "serving.kserve.io/inferenceservice"


def static_selector(target: Target) -> Mapping[str, str] | None:
    """Labels of the monitored pods as far as the spec tells them; None for a Service, which must be read."""
    if target.inference_service is not None:
        # Transformer and explainer of the same InferenceService expose no predictions.
        return {INFERENCE_SERVICE_LABEL: target.inference_service, "component": "predictor"}
    return None if target.pod_selector is None else dict(target.pod_selector.match_labels)


@dataclass(frozen=True, slots=True)
class PodFact:
    """A monitored pod.

    Attributes:
        ports: container ports that it declares; Prometheus Operator drops targets on others.
    """

    name: str
    ready: bool
    ports: frozenset[int]


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What is monitored.

    Attributes:
        selector: labels of its pods; None if the object that tells them is not there.
        obstacle: why it cannot be found, in a sentence; None if it is there.
        pods: its pods, without those that are finished.
    """

    selector: Mapping[str, str] | None
    obstacle: str | None = None
    pods: tuple[PodFact, ...] = ()


@dataclass(frozen=True, slots=True)
class JobFact:
    """A finished job of a check.

    Attributes:
        message: why it failed, as the cluster says it; empty if it did not.
    """

    check: str
    name: str
    finished_at: datetime
    failed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class PrometheusFacts:
    """What Prometheus says of a monitor.

    Attributes:
        obstacle: why Prometheus could not be asked; None if it was.
        groups: loaded rule groups of the monitor, each with its error or an empty text.
        targets: pods that Prometheus knows.
        up: pods of them that it reaches.
        firing: alerts that fire, as name and severity.
    """

    obstacle: str | None = None
    groups: Mapping[str, str] | None = None
    targets: int = 0
    up: int = 0
    firing: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """All of it; `prometheus` is None where no address of Prometheus is set."""

    target: TargetFacts
    jobs: tuple[JobFact, ...] = ()
    prometheus: PrometheusFacts | None = None

    def last_job(self, check: str) -> JobFact | None:
        """The newest finished job of a check."""
        finished = [job for job in self.jobs if job.check == check]
        return max(finished, key=lambda job: job.finished_at, default=None)
