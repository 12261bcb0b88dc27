"""When a new training is recommended, and what then happens."""

from __future__ import annotations

from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from modelmonitor.api.base import ApiModel, Rule
from modelmonitor.api.containers import KeyedBy
from modelmonitor.api.durations import Duration
from modelmonitor.api.names import ObjectName, SecretKeyName
from modelmonitor.api.secrets import SecretKey

Trigger = Literal["confidence-declining", "repeated-drift", "low-confidence", "new-patterns", "requested"]
Action = Literal["none", "webhook", "job"]
Approval = Literal["manual", "automatic"]

ALL_TRIGGERS: tuple[Trigger, ...] = (
    "confidence-declining",
    "repeated-drift",
    "low-confidence",
    "new-patterns",
    "requested",
)


BUSINESS_CHANGE: Final = "modelmonitor.io/business-change"
"""Annotation of a monitor by which a person declares that the business changed: the trigger `requested`."""


APPROVAL: Final = "modelmonitor.io/approve-retrain"
"""Annotation of a monitor by which a person lets the training of the trigger that it names start."""


class TrainingWebhook(SecretKey):
    """One Secret with the address that is called and the key that signs the call."""

    signing_key: SecretKeyName = "signing-key"
    """Key, in the data of the same Secret, of the text that signs calls (HMAC-SHA256)."""


class TrainingJob(ApiModel):
    """A CronJob whose template is run once to train."""

    cron_job: ObjectName
    """Name of a (suspended) CronJob in the namespace of the monitor."""


class Retrain(ApiModel):
    """When a new training is recommended, and what then happens."""

    when: Annotated[tuple[Trigger, ...], KeyedBy((), max_items=5)] = ALL_TRIGGERS
    """`confidence-declining`: for more than 3 days; `repeated-drift`: in several runs; `low-confidence`: more
    than the critical share; `new-patterns`: inputs unlike the reference; `requested`: a person asks."""

    action: Action = "none"
    """`none`: only the condition RetrainRecommended; `webhook`: an address is called; `job`: a Job runs."""

    webhook: TrainingWebhook | None = None
    """Secret with the address that is called and the key that signs the call."""

    job: TrainingJob | None = None
    """The training that is started."""

    cooldown: Duration = "7d"
    """No second training is started within this span."""

    approval: Approval = "manual"
    """`manual`: a person annotates the monitor before the action; `automatic`: at once."""

    min_evidence: Annotated[int, Field(strict=True, ge=1, le=100)] = 3
    """Runs in a row that must give the same reason."""

    rules: ClassVar = (
        Rule(
            message="retrain.action webhook needs retrain.webhook, the Secret with the address",
            cel="self.action != 'webhook' || has(self.webhook)",
            holds=lambda retrain: retrain.action != "webhook" or retrain.webhook is not None,
        ),
        Rule(
            message="retrain.action job needs retrain.job, the CronJob to run",
            cel="self.action != 'job' || has(self.job)",
            holds=lambda retrain: retrain.action != "job" or retrain.job is not None,
        ),
    )
