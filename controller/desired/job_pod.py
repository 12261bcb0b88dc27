"""The pod of a drift job: restricted, with the monitor as a file and the database's address from a Secret."""

from __future__ import annotations

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


def job_pod(monitor: ModelMonitor, defaults: Defaults, *, check: str) -> dict[str, Any]:
    """The pod template of the jobs of one check."""
    spec = monitor.spec.job
    pod = {
        "serviceAccountName": account_name(monitor),
        "automountServiceAccountToken": True,
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [_container(monitor, defaults, check=check)],
        "volumes": _volumes(monitor),
    }
    if spec.node_selector:
        pod["nodeSelector"] = dict(spec.node_selector)
    if spec.tolerations:
        pod["tolerations"] = [_without_empty(toleration.to_manifest()) for toleration in spec.tolerations]
    if defaults.image_pull_secrets:
        pod["imagePullSecrets"] = [{"name": name} for name in defaults.image_pull_secrets]
    return {"metadata": {"labels": own_labels(monitor, check=check)}, "spec": pod}


def _container(monitor: ModelMonitor, defaults: Defaults, *, check: str) -> dict[str, Any]:
    resources = monitor.spec.job.resources
    return {
        "name": "drift",
        "image": monitor.spec.job.image or defaults.job_image,
        "command": ["python", "-m", "modelmonitor.job"],
        "env": _environment(monitor, defaults, check=check),
        "resources": {
            "requests": canonical_amounts(resources.requests),
            "limits": canonical_amounts(resources.limits),
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [
            {"name": "monitor", "mountPath": MOUNT, "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
    }


def _environment(monitor: ModelMonitor, defaults: Defaults, *, check: str) -> list[dict[str, Any]]:
    secret = {"name": defaults.database_secret, "key": defaults.database_key}
    values = {
        "MM_JOB_MONITOR": MONITOR_PATH,
        "MM_JOB_CHECK": check,
        "MM_JOB_STATUS": f"{monitor.namespace}/{monitor.metadata.name}",
        "HOME": "/tmp",  # noqa: S108 - see above
    }
    if defaults.mlflow_uri:
        values["MM_JOB_MLFLOW_TRACKING_URI"] = defaults.mlflow_uri
    database = {"name": "MM_JOB_DATABASE_URL", "valueFrom": {"secretKeyRef": secret}}
    return [*({"name": name, "value": value} for name, value in values.items()), database]


def _volumes(monitor: ModelMonitor) -> list[dict[str, Any]]:
    return [
        {"name": "monitor", "configMap": {"name": child_name(monitor.metadata.name)}},
        {"name": "scratch", "emptyDir": {}},
    ]


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    # The API server leaves out empty text, so to desire it would mean to send it for ever.
    return {name: value for name, value in fields.items() if value != ""}
