"""Pods of our Jobs: restricted, with the monitor as a file and the database's address from a Secret."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from controller.desired.defaults import Defaults
from controller.desired.identity import account_name
from controller.desired.metadata import own_labels
from controller.desired.monitor_file import MONITOR_FILE
from controller.desired.names import child_name
from controller.desired.quantities import canonical_amounts
from modelmonitor.api.v1alpha1 import ModelMonitor

MOUNT: Final = "/etc/modelmonitor"
MONITOR_PATH: Final = f"{MOUNT}/{MONITOR_FILE}"
DRIFT: Final = "drift"
UPKEEP: Final = "upkeep"
REPORT: Final = "report"


def job_pod(monitor: ModelMonitor, defaults: Defaults, *, check: str) -> dict[str, Any]:
    """The pod template of the jobs of one check."""
    own = {"MM_JOB_CHECK": check, "MM_JOB_STATUS": f"{monitor.namespace}/{monitor.metadata.name}"}
    environment = [*_environment(defaults, own), *_scoring(monitor)]
    command = ["python", "-m", "modelmonitor.job"]
    pod = restricted_pod(monitor, defaults, name=DRIFT, command=command, environment=environment)
    # Only a run of a check writes to the API server.
    pod["automountServiceAccountToken"] = True
    return {"metadata": {"labels": own_labels(monitor, check=check)}, "spec": pod}


def task_pod(
    monitor: ModelMonitor, defaults: Defaults, *, name: str, command: Sequence[str]
) -> dict[str, Any]:
    """The pod template of a job that is no check: it has the database, but nothing to tell the API server.

    Args:
        monitor: the monitor that it works for.
        defaults: settings of the installation.
        name: of the task and of its container.
        command: what it runs.
    """
    environment = _environment(defaults, {})
    pod = restricted_pod(monitor, defaults, name=name, command=command, environment=environment)
    return {"metadata": {"labels": own_labels(monitor)}, "spec": pod}


def restricted_pod(
    monitor: ModelMonitor,
    defaults: Defaults,
    *,
    name: str,
    command: Sequence[str],
    environment: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """A pod of our image with one container, within Kubernetes' restricted security standard.

    Args:
        monitor: the monitor that it works for.
        defaults: settings of the installation.
        name: name of the container.
        command: what it runs.
        environment: its variables.
    """
    spec = monitor.spec.job
    pod = {
        "serviceAccountName": account_name(monitor),
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(monitor, defaults, name=name, command=command, environment=environment)],
        "volumes": _volumes(monitor),
    }
    if spec.node_selector:
        pod["nodeSelector"] = dict(spec.node_selector)
    if spec.tolerations:
        pod["tolerations"] = [_without_empty(toleration.to_manifest()) for toleration in spec.tolerations]
    if defaults.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": each} for each in defaults.image_pull_secrets]
    return pod


def _container(
    monitor: ModelMonitor,
    defaults: Defaults,
    *,
    name: str,
    command: Sequence[str],
    environment: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    resources = monitor.spec.job.resources
    return {
        "name": name,
        "image": monitor.spec.job.image or defaults.job_image,
        "command": list(command),
        "env": [{"name": "HOME", "value": "/tmp"}, *environment],  # noqa: S108 - a volume of the pod's own
        "resources": _without_empty(
            {
                "requests": canonical_amounts(resources.requests),
                "limits": canonical_amounts(resources.limits),
            }
        ),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "monitor", "mountPath": MOUNT, "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - see above
        ],
    }


def _environment(defaults: Defaults, own: dict[str, str]) -> list[dict[str, Any]]:
    secret = {"name": defaults.database_secret, "key": defaults.database_key}
    values = {"MM_JOB_MONITOR": MONITOR_PATH, **own}
    if defaults.mlflow_uri:
        values["MM_JOB_MLFLOW_TRACKING_URI"] = defaults.mlflow_uri
    database = {"name": "MM_JOB_DATABASE_URL", "valueFrom": {"secretKeyRef": secret}}
    return [*({"name": name, "value": value} for name, value in values.items()), database]


def _scoring(monitor: ModelMonitor) -> list[dict[str, Any]]:
    """What a run needs to have the model score a reference: its address, and its token if there is one."""
    target, found = monitor.spec.target, list[dict[str, Any]]()
    url = target.score_url(monitor.namespace)
    if url is not None:
        found.append({"name": "MM_JOB_PREDICTOR_URL", "value": url})
    if target.score_token is not None:
        # Optional: without it a run still compares with a reference that exists, and says what is missing.
        secret = {"name": target.score_token.secret_name, "key": target.score_token.key, "optional": True}
        found.append({"name": "MM_JOB_SCORE_TOKEN", "valueFrom": {"secretKeyRef": secret}})
    return found


def _volumes(monitor: ModelMonitor) -> list[dict[str, Any]]:
    return [
        {"name": "monitor", "configMap": {"name": child_name(monitor.metadata.name)}},
        {"name": "scratch", "emptyDir": {}},
    ]


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    # The API server leaves out empty text and maps, so to desire them would mean to send them for ever.
    return {name: value for name, value in fields.items() if value not in ("", {})}
