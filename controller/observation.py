"""What was seen of the world around a monitor: values, read in one go and judged afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
class MetricsHint:
    """Where a pod says that its metrics are.

    Attributes:
        path: empty where it says nothing of it.
    """

    port: int
    path: str = ""


@dataclass(frozen=True, slots=True)
class PodFact:
    """A monitored pod.

    Attributes:
        ports: container ports that it declares; Prometheus Operator drops targets on others.
        hints: where it says that its metrics are, the most reliable first.
    """

    name: str
    ready: bool
    ports: frozenset[int]
    hints: tuple[MetricsHint, ...] = ()


@dataclass(frozen=True, slots=True)
class TrafficShare:
    """A part of the traffic: Knative divides it between revisions, as in a canary.

    Attributes:
        revision: as pods and metrics carry it in the label `revision`.
        percent: 0 to 100.
    """

    revision: str
    percent: int


@dataclass(frozen=True, slots=True)
class LoggerFact:
    """The logger of an InferenceService's predictor.

    Attributes:
        url: where it sends predictions.
        managers: field managers that set any of it.
        addressed_by: those of them that set the url.
        mode: what it sends.
    """

    url: str
    managers: frozenset[str]
    addressed_by: frozenset[str] = frozenset()
    mode: str = ""


@dataclass(frozen=True, slots=True)
class ServingFacts:
    """An InferenceService as KServe runs it.

    Attributes:
        uid: its identity.
        knative: whether Knative runs it; else Deployments do.
        ready: whether KServe says so.
        stopped: whether somebody stopped it on purpose.
        traffic: empty where all of it goes to one place.
        logger: None if it has none.
    """

    uid: str
    knative: bool = False
    ready: bool = False
    stopped: bool = False
    traffic: tuple[TrafficShare, ...] = ()
    logger: LoggerFact | None = None


@dataclass(frozen=True, slots=True)
class DeploymentFact:
    """A Deployment that makes pods of the target.

    Attributes:
        replicas: pods that are wanted, by a person, KEDA or another autoscaler.
    """

    name: str
    replicas: int


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """What is monitored.

    Attributes:
        selector: labels of its pods; None if the object that tells them is not there.
        obstacle: why it cannot be found, in a sentence; None if it is there.
        pods: its pods, without those that are finished.
        serving: the InferenceService; None for other targets.
        deployments: that make its pods; looked for only where there is no pod.
    """

    selector: Mapping[str, str] | None
    obstacle: str | None = None
    pods: tuple[PodFact, ...] = ()
    serving: ServingFacts | None = None
    deployments: tuple[DeploymentFact, ...] = ()

    @property
    def asleep(self) -> str | None:
        """Why it is no fault that there is no pod, in a sentence; None if there is one, or should be."""
        if self.pods:
            return None
        if self.serving is not None and self.serving.stopped:
            return "The InferenceService is stopped (serving.kserve.io/stop)."
        if self.serving is not None and self.serving.knative:
            # Knative also scales to zero what it cannot start, and says then that it is not ready.
            sentence = "Knative has scaled the model to zero; a pod starts with the next request."
            return sentence if self.serving.ready else None
        if self.deployments and not any(each.replicas for each in self.deployments):
            names = ", ".join(each.name for each in self.deployments)
            return f"Deployment {names} is scaled to 0 replicas."
        return None


@dataclass(frozen=True, slots=True)
class JobFact:
    """A finished job of a check or of a task such as upkeep.

    Attributes:
        check: name of the check or task.
        message: why it failed, as the cluster says it; empty if it did not.
    """

    check: str
    name: str
    finished_at: datetime
    failed: bool
    message: str = ""


@dataclass(frozen=True, slots=True)
class TrainingFact:
    """A Job that acts on a reason to train again: a training, or a call that asks for one.

    Attributes:
        trigger_id: identity of the occasion, with the number of the attempt from the second on.
        outcome: `succeeded`, `failed`, or empty while it runs.
        message: why it failed, as the cluster says it.
    """

    name: str
    trigger_id: str
    started_at: datetime
    outcome: str = ""
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
        versions: versions of the model that its pods serve.
        deployments: names under which its pods log predictions; empty for pods of others' servers.
    """

    obstacle: str | None = None
    groups: Mapping[str, str] | None = None
    targets: int = 0
    up: int = 0
    firing: tuple[tuple[str, str], ...] = ()
    versions: tuple[str, ...] = ()
    deployments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Observation:
    """All of it; `prometheus` is None where no address of Prometheus is set."""

    target: TargetFacts
    jobs: tuple[JobFact, ...] = ()
    trainings: tuple[TrainingFact, ...] = ()
    tasks: tuple[JobFact, ...] = ()
    prometheus: PrometheusFacts | None = None

    def last_job(self, check: str) -> JobFact | None:
        """The newest finished job of a check."""
        return _newest([job for job in self.jobs if job.check == check])

    @property
    def failed_tasks(self) -> tuple[JobFact, ...]:
        """The newest job of each task, if it failed."""
        names = sorted({job.check for job in self.tasks})
        newest = (_newest([job for job in self.tasks if job.check == name]) for name in names)
        return tuple(job for job in newest if job is not None and job.failed)


def _newest(jobs: Sequence[JobFact]) -> JobFact | None:
    return max(jobs, key=lambda job: job.finished_at, default=None)
