"""Who the operator is to the API server: its service account in a pod, else the user of a kubeconfig."""

from __future__ import annotations

import os

import kopf

from controller.cluster.transport import Connection


class NotInACluster(Exception):
    """Run it in a pod, or set KUBECONFIG to a file that can be used."""


def login(*, settings: kopf.OperatorSettings, **rest: object) -> kopf.ConnectionInfo:
    """The credentials as Kopf wants them; asked again whenever they expire.

    Raises:
        NotInACluster: there is neither a service account nor a kubeconfig that can be used.
    """
    del rest  # Kopf tells handlers more than these need
    found = kopf.login_with_service_account(settings=settings) or _of_kubeconfig(settings)
    if found is None:
        msg = "There is no service account and no kubeconfig: run it in a pod, or set KUBECONFIG."
        raise NotInACluster(msg)
    return found


def connect() -> Connection:
    """The same credentials for the operator's own requests."""
    found = login(settings=kopf.OperatorSettings())
    return Connection(found.server, found.as_http_headers(), found.as_ssl_context())


def _of_kubeconfig(settings: kopf.OperatorSettings) -> kopf.ConnectionInfo | None:
    try:
        return kopf.login_with_kubeconfig(settings=settings)
    except Exception as error:
        # Kopf takes the file as it comes: it may be missing, no YAML, or lack any of its parts.
        file = os.environ.get("KUBECONFIG") or "~/.kube/config"
        why = " ".join(f"{type(error).__name__}: {error}".split())
        msg = f"The kubeconfig {file} cannot be used ({why}): correct it, or what KUBECONFIG names."
        raise NotInACluster(msg) from error
