"""Who a drift job is in the cluster: an account that may write its own monitor's status, nothing else."""

from __future__ import annotations

from controller.desired.metadata import child
from controller.desired.names import child_name
from controller.manifest import MONITOR, ROLE, ROLE_BINDING, SERVICE_ACCOUNT, Desired
from modelmonitor.api.v1alpha1 import ModelMonitor


def account_name(monitor: ModelMonitor) -> str:
    """Name of the service account of drift jobs."""
    return monitor.spec.job.service_account_name or child_name(monitor.metadata.name)


def identity(monitor: ModelMonitor) -> tuple[Desired, ...]:
    """Service account, role and binding; the account only if the spec names none of its own."""
    own = () if monitor.spec.job.service_account_name else (_service_account(monitor),)
    return (*own, _role(monitor), _role_binding(monitor))


def _service_account(monitor: ModelMonitor) -> Desired:
    # The token is mounted by the pods that write a status, not by default.
    return child(SERVICE_ACCOUNT, monitor, body={"automountServiceAccountToken": False})


def _role(monitor: ModelMonitor) -> Desired:
    rule = {
        "apiGroups": [MONITOR.group],
        "resources": [f"{MONITOR.plural}/status"],
        "resourceNames": [monitor.metadata.name],
        "verbs": ["get", "patch"],
    }
    return child(ROLE, monitor, body={"rules": [rule]})


def _role_binding(monitor: ModelMonitor) -> Desired:
    role = {"apiGroup": ROLE.group, "kind": ROLE.name, "name": child_name(monitor.metadata.name)}
    account = {"kind": SERVICE_ACCOUNT.name, "name": account_name(monitor), "namespace": monitor.namespace}
    return child(ROLE_BINDING, monitor, body={"roleRef": role, "subjects": [account]})
