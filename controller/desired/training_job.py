"""The Job that acts on a reason to train again: the team's own training, or a call of its webhook.

The operator reads no Secret: address and signing key of a webhook reach the call through kubelet.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from types import MappingProxyType
from typing import Any, Final

from controller.desired.cron_job import failure_policy
from controller.desired.defaults import Defaults
from controller.desired.job_pod import restricted_pod
from controller.desired.metadata import TRIGGER_LABEL, child
from controller.desired.names import training_job_name
from controller.desired.recommendations import Recommendation
from controller.manifest import JOB, Manifest
from modelmonitor.api.retrain import TrainingWebhook
from modelmonitor.api.v1alpha1 import ModelMonitor

_OURS: Final = "modelmonitor.io/"
_TRIES: Final = 3
_CALL_DEADLINE_S: Final = 900


class NotATemplate(Exception):
    """The CronJob holds no template of a Job: name another."""


def webhook_job(
    monitor: ModelMonitor, reason: Recommendation, *, webhook: TrainingWebhook, defaults: Defaults
) -> Manifest:
    """The Job that calls the webhook with the reason, signed, and once for each trigger."""
    environment: list[dict[str, Any]] = [
        {"name": "MM_RETRAIN_EVENT", "value": json.dumps(_event(monitor, reason), ensure_ascii=False)},
        {"name": "MM_RETRAIN_URL", "valueFrom": _from_secret(webhook, webhook.key)},
        {"name": "MM_RETRAIN_SIGNING_KEY", "valueFrom": _from_secret(webhook, webhook.signing_key)},
    ]
    command = ["python", "-m", "modelmonitor.job.retrain_webhook"]
    pod = restricted_pod(monitor, defaults, name="call", command=command, environment=environment)
    spec = {
        "activeDeadlineSeconds": _CALL_DEADLINE_S,
        "backoffLimit": _TRIES,
        "podFailurePolicy": failure_policy("call"),
        "template": {"metadata": {"labels": {TRIGGER_LABEL: reason.trigger_id}}, "spec": pod},
    }
    return _job(monitor, reason, spec)


def training_job(monitor: ModelMonitor, reason: Recommendation, cron_job: Manifest) -> Manifest:
    """A Job of the team's own CronJob, with the reason in the environment of its containers.

    Raises:
        NotATemplate: the CronJob has no template.
    """
    template = (cron_job.get("spec") or {}).get("jobTemplate") or {}
    if not template.get("spec"):
        raise NotATemplate(f"CronJob {cron_job['metadata']['name']} has no spec.jobTemplate.")
    spec = deepcopy(dict(template["spec"]))
    # The Job's end must be seen before it goes: it tells how the training ended.
    spec.pop("ttlSecondsAfterFinished", None)
    for container in spec["template"]["spec"].get("containers") or []:
        container["env"] = [*(container.get("env") or []), *_reason(monitor, reason)]
    return _job(monitor, reason, spec, metadata=template.get("metadata") or {})


def _job(
    monitor: ModelMonitor,
    reason: Recommendation,
    spec: Mapping[str, Any],
    *,
    metadata: Mapping[str, Any] = MappingProxyType({}),
) -> Manifest:
    return child(
        JOB,
        monitor,
        body={"spec": dict(spec)},
        name=training_job_name(monitor.metadata.name, reason.trigger_id),
        labels={**_foreign(metadata.get("labels") or {}), TRIGGER_LABEL: reason.trigger_id},
        annotations=metadata.get("annotations"),
    ).manifest


def _foreign(labels: Mapping[str, str]) -> dict[str, str]:
    # With a label of ours the Job would be taken for a run of a check.
    return {name: value for name, value in labels.items() if not name.startswith(_OURS)}


def _event(monitor: ModelMonitor, reason: Recommendation) -> dict[str, str]:
    return {
        "trigger": reason.trigger_id,
        "reason": reason.trigger,
        "message": reason.message,
        "namespace": monitor.namespace,
        "monitor": monitor.metadata.name,
        "model": monitor.model_name,
    }


def _reason(monitor: ModelMonitor, reason: Recommendation) -> list[dict[str, str]]:
    return [
        {"name": f"MODELMONITOR_{name.upper()}", "value": value}
        for name, value in _event(monitor, reason).items()
    ]


def _from_secret(webhook: TrainingWebhook, key: str) -> dict[str, Any]:
    # Optional, so that a missing key is a sentence of the call and not a pod that never starts.
    return {"secretKeyRef": {"name": webhook.secret_name, "key": key, "optional": True}}
