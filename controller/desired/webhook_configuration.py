"""How the API server is told of the admission webhook, and the rights that the webhook needs."""

from __future__ import annotations

from typing import Any, Final

from controller.manifest import CRON_JOB, MONITOR

PATH: Final = "/validate"
NAME: Final = "modelmonitors.modelmonitor.io"
WEBHOOK: Final = "modelmonitor-webhook"
TIMEOUT_S: Final = 5


def webhook_configuration(*, client: dict[str, Any]) -> dict[str, Any]:
    """The ValidatingWebhookConfiguration. A webhook that is down refuses nobody: the operator judges again.

    Args:
        client: `clientConfig`: a service or a URL, and `caBundle`.
    """
    rule = {
        "apiGroups": [MONITOR.group],
        "apiVersions": [MONITOR.version],
        "operations": ["CREATE", "UPDATE"],
        "resources": [MONITOR.plural],
        "scope": "Namespaced",
    }
    webhook = {
        "name": NAME,
        "admissionReviewVersions": ["v1"],
        "clientConfig": client,
        "failurePolicy": "Ignore",
        "matchPolicy": "Equivalent",
        "rules": [rule],
        "sideEffects": "None",
        "timeoutSeconds": TIMEOUT_S,
    }
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingWebhookConfiguration",
        "metadata": {"name": WEBHOOK},
        "webhooks": [webhook],
    }


def service_client(*, namespace: str, ca_bundle: str) -> dict[str, Any]:
    """The clientConfig for the webhook's Service.

    Args:
        namespace: of the Service.
        ca_bundle: PEM in base64, by which the API server knows the webhook.
    """
    service = {"name": WEBHOOK, "namespace": namespace, "path": PATH, "port": 443}
    return {"service": service, "caBundle": ca_bundle}


def webhook_role() -> dict[str, Any]:
    """The ClusterRole of the webhook: it only looks."""
    rules = [
        {"apiGroups": [MONITOR.group], "resources": [MONITOR.plural], "verbs": ["list"]},
        {"apiGroups": [CRON_JOB.group], "resources": [CRON_JOB.plural], "verbs": ["get"]},
    ]
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": WEBHOOK},
        "rules": rules,
    }
