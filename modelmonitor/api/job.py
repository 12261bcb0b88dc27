"""How drift jobs and reports run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from modelmonitor.api.base import ApiModel, Rule
from modelmonitor.api.containers import KeysMatching
from modelmonitor.api.durations import Duration
from modelmonitor.api.names import ExperimentName, ImageName, LabelText, ObjectName, TaintKey
from modelmonitor.api.quantities import Count, Quantity
from modelmonitor.api.schedules import Cron, TimeZone
from modelmonitor.api.target import LabelMap

Engine = Literal["local", "ray"]

RAY_NOT_BUILT: Final = (
    "job.engine: ray is in the resource but not built yet; write engine: local or leave engine out"
)

Amounts = Annotated[
    Mapping[str, Quantity],
    KeysMatching(
        pattern=r"^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[a-z][a-z0-9.-]{0,62}$",
        message="a resource is cpu, memory or a name with a prefix, such as 'nvidia.com/gpu'",
    ),
]


class Resources(ApiModel):
    """CPU and memory of a drift job."""

    requests: Amounts = Field(default={"cpu": "250m", "memory": "512Mi"})
    """What is reserved."""

    limits: Amounts = Field(default={"memory": "2Gi"})
    """What is the most; without a CPU limit a run uses what is idle."""


class Toleration(ApiModel):
    """A taint of nodes that a drift job tolerates."""

    key: TaintKey = ""
    """Key of the taint; empty with operator Exists means every taint."""

    operator: Literal["Exists", "Equal"] = "Equal"
    """Whether the value must be equal."""

    value: LabelText = ""
    """Value of the taint."""

    effect: Literal["", "NoSchedule", "PreferNoSchedule", "NoExecute"] = ""
    """Effect of the taint; empty means each."""

    toleration_seconds: Count | None = None
    """How long a NoExecute taint is tolerated; for ever if left out."""


class DriftJob(ApiModel):
    """The pods that run checks."""

    image: ImageName | None = None
    """Image of the job; the operator's own if left out."""

    engine: Engine = "local"
    """`local`: one process; `ray`: spread over a Ray cluster by KubeRay."""

    resources: Resources = Resources()
    """CPU and memory."""

    active_deadline: Duration = "30m"
    """A run that takes longer is stopped and counts as failed."""

    backoff_limit: Annotated[int, Field(strict=True, ge=0, le=10)] = 1
    """How often a failed run is tried again."""

    service_account_name: ObjectName | None = None
    """Service account of the pods; one made for the monitor if left out."""

    node_selector: LabelMap = Field(default={})
    """Labels of the nodes to run on."""

    tolerations: Annotated[tuple[Toleration, ...], Field(max_length=16)] = ()
    """Taints of nodes that are tolerated."""

    rules: ClassVar = (
        Rule(message=RAY_NOT_BUILT, cel="self.engine != 'ray'", holds=lambda job: job.engine != "ray"),
    )


class Report(ApiModel):
    """The regular report beside that of every run: the review of the week, as a page in MLflow."""

    schedule: Cron = "0 6 * * 1"
    """When it is made; Mondays at 6 by default, for the weekly review."""

    time_zone: TimeZone = "Etc/UTC"
    """Time zone of the schedule."""

    experiment: ExperimentName = "model-monitoring"
    """MLflow experiment of these reports; drift runs have one of their monitor's own."""

    keep: Annotated[int, Field(strict=True, ge=1, le=520)] = 12
    """How many reports are kept."""
