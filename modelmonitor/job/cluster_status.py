"""The result of a run in the status of its monitor: server-side apply, one field manager for each check.

The service account of the pod is read again for every attempt, because kubelet replaces its token. Results
are in PostgreSQL by then: a status that cannot be written costs no verdict, but the job must not look well.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from modelmonitor.api.field_managers import job_manager
from modelmonitor.api.json_as_yaml import json_as_yaml
from modelmonitor.api.status import CheckStatus
from modelmonitor.api.v1alpha1 import API_VERSION, KIND, PLURAL
from modelmonitor.job.errors import JobError

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where kubelet puts the token of a pod and the certificate of the API server."""

_ATTEMPTS: Final = 5
_LONGEST_PAUSE_S: Final = 10.0
_TIMEOUT: Final = httpx.Timeout(10.0, connect=5.0)
# 401: the token was replaced while it was sent; 409: another writer was faster. Both pass.
_PASSING: Final = frozenset({401, 408, 409, 429})
# What the API server says, with 500, of a field that its CRD does not have.
_UNKNOWN_FIELD: Final = "field not declared in schema"


class ApiServerUnreachable(JobError):
    """The API server does not answer or is too busy: run the job again."""


class StatusRefused(JobError):
    """The API server does not take the status: correct what the message names."""


@dataclass(frozen=True, slots=True)
class MonitorAddress:
    """The monitor whose status is written."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """As people write it: namespace/name."""
        return f"{self.namespace}/{self.name}"

    @property
    def path(self) -> str:
        """Path of its status at the API server."""
        return f"/apis/{API_VERSION}/namespaces/{self.namespace}/{PLURAL}/{self.name}/status"


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where the API server is and who we are to it.

    Attributes:
        url: such as https://10.96.0.1:443.
        account: directory with `token` and `ca.crt`.
    """

    url: str
    account: Path = SERVICE_ACCOUNT


def status_manifest(monitor: MonitorAddress, entry: CheckStatus) -> dict[str, Any]:
    """What is applied for one check: its entry of `.status.checks` and nothing else."""
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": monitor.name, "namespace": monitor.namespace},
        "status": {"checks": [entry.to_manifest()]},
    }


def write_status(
    entries: Iterable[CheckStatus],
    *,
    monitor: MonitorAddress,
    server: ApiServer,
    pause: Callable[[float], None] = time.sleep,
) -> bool:
    """Apply the entries one after another, each as the field manager of its check.

    Args:
        entries: results, one a check.
        monitor: whose status it is.
        server: where to write.
        pause: waits the given seconds before another attempt.

    Returns:
        False if the monitor is not there any more, so that nobody waits for its status.

    Raises:
        ApiServerUnreachable: no answer, or none but "later", over some attempts.
        StatusRefused: the account, its rights or the installed CRD are not right.
    """
    return all(_apply(entry, monitor=monitor, server=server, pause=pause) for entry in entries)


def _apply(
    entry: CheckStatus, *, monitor: MonitorAddress, server: ApiServer, pause: Callable[[float], None]
) -> bool:
    content = json_as_yaml(status_manifest(monitor, entry))
    said = "nothing"
    for attempt in range(_ATTEMPTS):
        try:
            answer = _send(content, path=monitor.path, manager=job_manager(entry.name), server=server)
        except httpx.RequestError as error:
            said, asked = str(error) or type(error).__name__, None
        else:
            said, asked = _message(answer), answer.headers.get("Retry-After")
            if not _passes(answer):
                return _taken(answer, monitor=monitor)
        if attempt < _ATTEMPTS - 1:
            pause(_delay(attempt, asked))
    raise ApiServerUnreachable(
        f"The status of {monitor} was not written: the API server at {server.url} gave no better answer in "
        f"{_ATTEMPTS} attempts than: {said.rstrip('.')}."
    )


def _send(content: bytes, *, path: str, manager: str, server: ApiServer) -> httpx.Response:
    token, trust = _account(server.account)
    # A proxy of the environment leads out of the cluster.
    with httpx.Client(base_url=server.url, verify=trust, timeout=_TIMEOUT, trust_env=False) as client:
        return client.patch(
            path,
            content=content,
            params={"fieldManager": manager, "force": "true"},
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/apply-patch+yaml"},
        )


def _account(directory: Path) -> tuple[str, ssl.SSLContext]:
    try:
        token = (directory / "token").read_text(encoding="ascii").strip()
        return token, ssl.create_default_context(cafile=str(directory / "ca.crt"))
    except (OSError, UnicodeDecodeError) as error:
        raise StatusRefused(
            f"The status was not written: the service account in {directory} cannot be read ({error}); "
            "the pod needs automountServiceAccountToken: true."
        ) from None


def _passes(answer: httpx.Response) -> bool:
    later = answer.status_code in _PASSING or answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR
    return later and _UNKNOWN_FIELD not in _message(answer)


def _taken(answer: httpx.Response, *, monitor: MonitorAddress) -> bool:
    if answer.is_success:
        return True
    if answer.status_code == httpx.codes.NOT_FOUND and _names(answer, monitor):
        return False
    raise StatusRefused(f"The status of {monitor} was not written: {_cause(answer, monitor)}")


def _cause(answer: httpx.Response, monitor: MonitorAddress) -> str:
    said = _message(answer).rstrip(".")
    if answer.status_code == httpx.codes.FORBIDDEN:
        return (
            f"the job's service account needs a Role in namespace {monitor.namespace} with verb patch on "
            f"{PLURAL}/status of {monitor.name}; the operator makes and binds it ({said})."
        )
    if answer.status_code == httpx.codes.NOT_FOUND:
        return f"{API_VERSION} is not served; install the CRD ({said})."
    if answer.status_code in (400, 422) or _UNKNOWN_FIELD in said:
        return f"install the CRD of the job's version, because the installed one refuses it: {said}."
    return f"the API server answered {answer.status_code}: {said}."


def _names(answer: httpx.Response, monitor: MonitorAddress) -> bool:
    # A kind that is not served is a 404 too, but names no object.
    return bool((_body(answer).get("details") or {}).get("name") == monitor.name)


def _message(answer: httpx.Response) -> str:
    return str(_body(answer).get("message") or answer.text[:300] or answer.reason_phrase).strip()


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _delay(attempt: int, asked: str | None) -> float:
    wanted = float(asked) if asked and asked.isdigit() else 0.5 * 2**attempt
    return min(_LONGEST_PAUSE_S, wanted)
