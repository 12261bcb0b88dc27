"""Who the operator is to the API server: its service account in a pod, else the user of a kubeconfig."""

from __future__ import annotations

import kopf

from controller.cluster.transport import Connection


class NotInACluster(Exception):
    """Run it in a pod, or set KUBECONFIG."""


def login(*, settings: kopf.OperatorSettings, **rest: object) -> kopf.ConnectionInfo:
    """The credentials as Kopf wants them; asked again whenever they expire.

    Raises:
        NotInACluster: there is neither a service account nor a kubeconfig.
    """
    del rest  # Kopf tells handlers more than these need
    found = kopf.login_with_service_account(settings=settings) or kopf.login_with_kubeconfig(
        settings=settings
    )
    if found is None:
        msg = "There is no service account and no kubeconfig: run it in a pod, or set KUBECONFIG."
        raise NotInACluster(msg)
    return found


def connect() -> Connection:
    """The same credentials for the operator's own requests."""
    found = login(settings=kopf.OperatorSettings())
    return Connection(found.server, found.as_http_headers(), found.as_ssl_context())
