"""The ModelMonitor resource, version v1alpha1: the one source of CRD, editor schema and reference page."""

from __future__ import annotations

from typing import ClassVar, Final, Literal

from pydantic import StrictBool

from modelmonitor.api.alerts import Alerts
from modelmonitor.api.base import ApiModel, Rule
from modelmonitor.api.checks import DEFAULT_CHECKS, Check, Checks
from modelmonitor.api.durations import Duration
from modelmonitor.api.job import DriftJob, Report
from modelmonitor.api.metadata import MONITOR_NAME_MESSAGE, MONITOR_NAME_PATTERN, Metadata
from modelmonitor.api.reference import Reference
from modelmonitor.api.retrain import Retrain
from modelmonitor.api.status import ModelMonitorStatus
from modelmonitor.api.target import Target
from modelmonitor.api.text import cel_text
from modelmonitor.api.thresholds import FalseAlarms, Thresholds

GROUP: Final = "modelmonitor.io"
VERSION: Final = "v1alpha1"
KIND: Final = "ModelMonitor"
PLURAL: Final = "modelmonitors"
API_VERSION: Final = "modelmonitor.io/v1alpha1"


class Privacy(ApiModel):
    """What is kept of the people whose texts are predicted."""

    input: Literal["store", "hash", "drop"] = "store"
    """`store`: the text; `hash`: a keyed hash, so that repeats can be counted; `drop`: nothing. Without the
    text there are no word checks and no examples."""


class ModelMonitorSpec(ApiModel):
    """What to watch and how. Only `target` and `reference` are needed."""

    target: Target
    """The model that is monitored."""

    reference: Reference
    """What normal looks like."""

    checks: Checks = DEFAULT_CHECKS
    """What is tested; by default one check of each type, once a night."""

    false_alarms: FalseAlarms = FalseAlarms()
    """How many false alarms are acceptable over all checks."""

    thresholds: Thresholds = Thresholds()
    """Bounds of the live metrics."""

    alerts: Alerts = Alerts()
    """Alerts in Prometheus and whom they reach."""

    retrain: Retrain = Retrain()
    """When a new training is recommended, and what then happens."""

    retention: Duration = "90d"
    """How long predictions are kept."""

    privacy: Privacy = Privacy()
    """What is kept of input texts."""

    report: Report = Report()
    """The regular report."""

    job: DriftJob = DriftJob()
    """The pods that run checks."""

    suspend: StrictBool = False
    """True stops all runs and alerts of this monitor; what is known stays."""


class ModelMonitor(ApiModel):
    """Watches one served model and says whether it can still be trusted."""

    api_version: Literal["modelmonitor.io/v1alpha1"]
    """Always modelmonitor.io/v1alpha1."""

    kind: Literal["ModelMonitor"]
    """Always ModelMonitor."""

    metadata: Metadata
    """Name, namespace and labels."""

    spec: ModelMonitorSpec
    """What to watch and how."""

    status: ModelMonitorStatus = ModelMonitorStatus()
    """What is known, filled by the operator and the drift job."""

    rules: ClassVar = (
        Rule(
            message=MONITOR_NAME_MESSAGE,
            cel=f"self.metadata.name.matches({cel_text(MONITOR_NAME_PATTERN)})",
            holds=lambda monitor: len(monitor.metadata.name) > 0,
        ),
    )

    @property
    def namespace(self) -> str:
        """Namespace of the monitor and of what it watches."""
        return self.metadata.namespace or "default"

    @property
    def model_name(self) -> str:
        """Name of the model in the prediction log: as the spec says, else as it was found."""
        found = self.status.target
        return self.spec.target.model_name or (found.model_name if found else self.spec.target.name)

    def check(self, name: str) -> Check:
        """The check of that name.

        Raises:
            KeyError: the monitor has no such check.
        """
        found = {check.name: check for check in self.spec.checks}
        return found[name]
