"""Look at what is around a monitor that somebody applies: the cluster, Prometheus, MLflow; each may be away.

The cluster is read with the official client's dynamic client: this process is started once, answers now and
then, and knows kinds by name only. The operator itself does not use it; docs/adr/0010 says why.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib.metadata import entry_points
from typing import Any, Final, TypeVar

import aiohttp
from kubernetes import client, config, dynamic
from urllib3.exceptions import HTTPError

from controller.desired.admission import Surroundings
from controller.handlers.aside import aside
from controller.manifest import CRON_JOB, MONITOR, Kind
from modelmonitor import metrics
from modelmonitor.api.v1alpha1 import ModelMonitor

_LOG = logging.getLogger("controller.webhook")
# Of the five seconds that the API server waits.
_PATIENCE_S: Final = 3.0
_REQUEST_S: Final = 2.0
_AWAY: Final = (
    aiohttp.ClientError,
    TimeoutError,
    OSError,
    ValueError,
    KeyError,
    TypeError,
    client.ApiException,
    HTTPError,
)
Answer = TypeVar("Answer")


class NoCluster(Exception):
    """Run it in a pod, or set KUBECONFIG, and see that the API server answers."""


def connect() -> dynamic.DynamicClient:
    """The dynamic client for the pod's service account, else for the user of a kubeconfig.

    Raises:
        NoCluster: there is neither, or the API server does not answer.
    """
    settings = client.Configuration()
    # A read that is repeated would take longer than anybody waits for it.
    settings.retries = 0
    try:
        config.load_incluster_config(client_configuration=settings)
    except config.ConfigException:
        try:
            # The client reads the variable when it is imported, which is too early for whoever sets it later.
            config.load_kube_config(os.environ.get("KUBECONFIG"), client_configuration=settings)
        except config.ConfigException as error:
            raise NoCluster(
                f"There is no service account and no kubeconfig ({error}): run it in a pod or set KUBECONFIG."
            ) from None
    try:
        return dynamic.DynamicClient(_Impatient(settings))
    except (client.ApiException, HTTPError) as error:
        raise NoCluster(f"The API server {settings.host} does not answer as it should: {error}") from None


class _Impatient(client.ApiClient):  # type: ignore[misc] # the client has no types
    """The client with a limit for requests of which nobody said one, such as those of discovery."""

    def call_api(self, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - the client has no types
        limit_s = named.pop("_request_timeout", None) or _REQUEST_S
        return super().call_api(*arguments, **named, _request_timeout=limit_s)


@dataclass(frozen=True, slots=True)
class Scout:
    """Whoever looks.

    Attributes:
        cluster: the API server.
        prometheus_url: empty for none.
        mlflow_uri: empty for none.
    """

    cluster: dynamic.DynamicClient
    prometheus_url: str = ""
    mlflow_uri: str = ""

    async def look(self, monitor: ModelMonitor) -> Surroundings:
        """What is around a monitor; whatever does not answer in time is not known."""
        datasets, model, training, predictions, unreadable = await asyncio.gather(
            _known(self._datasets(monitor)),
            _known(self._model(monitor)),
            _known(self._training(monitor)),
            _known(self._predictions(monitor)),
            _known(self._unreadable(monitor)),
        )
        return Surroundings(datasets, model, training, predictions, unreadable)

    async def _datasets(self, monitor: ModelMonitor) -> frozenset[str] | None:
        if monitor.spec.reference.dataset is None:
            return None
        by_name = {each.name for each in entry_points(group="modelmonitor.datasets")}
        return frozenset(by_name | await aside(self._in_use, monitor.namespace))

    def _in_use(self, namespace: str) -> set[str]:
        found = self._of(MONITOR).get(namespace=namespace).to_dict()["items"]
        references = (each.get("status", {}).get("reference", {}).get("name") for each in found)
        return {name for name in references if name}

    async def _training(self, monitor: ModelMonitor) -> bool | None:
        job = monitor.spec.retrain.job
        if job is None:
            return None
        return await aside(self._is_there, CRON_JOB, job.cron_job, monitor.namespace)

    def _is_there(self, kind: Kind, name: str, namespace: str) -> bool:
        try:
            self._of(kind).get(name=name, namespace=namespace)
        except dynamic.exceptions.NotFoundError:
            return False
        return True

    def _of(self, kind: Kind) -> Any:  # noqa: ANN401 - the dynamic client has no types
        try:
            return self.cluster.resources.get(api_version=kind.api_version, kind=kind.name)
        except dynamic.exceptions.ResourceNotFoundError as error:
            raise ValueError(str(error)) from error

    async def _model(self, monitor: ModelMonitor) -> bool | None:
        wanted = monitor.spec.reference.mlflow
        if wanted is None or not self.mlflow_uri:
            return None
        path = f"{self.mlflow_uri.rstrip('/')}/api/2.0/mlflow/registered-models/alias"
        query = {"name": wanted.registered_model, "alias": wanted.alias}
        async with aiohttp.ClientSession() as session, session.get(path, params=query) as response:
            answer = await response.json(content_type=None)
        # MLflow says of a missing alias that it is an invalid parameter.
        if answer.get("error_code") in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return False
        return True if "model_version" in answer else None

    async def _predictions(self, monitor: ModelMonitor) -> float | None:
        if not self.prometheus_url:
            return None
        own = f'{{namespace="{monitor.namespace}",modelmonitor="{monitor.metadata.name}"}}'
        query = {"query": f"sum(increase({metrics.PREDICTIONS.name}{own}[1d]))"}
        path = f"{self.prometheus_url.rstrip('/')}/api/v1/query"
        async with aiohttp.ClientSession() as session, session.get(path, params=query) as response:
            found = (await response.json())["data"]["result"]
        # No series is no traffic only for a model that is scraped; a new monitor has none yet.
        return float(found[0]["value"][1]) if found else None

    async def _unreadable(self, monitor: ModelMonitor) -> Mapping[str, str] | None:
        if not self.prometheus_url:
            return None
        written = {each.alert: each.expr for each in monitor.spec.alerts.overrides if each.expr is not None}
        path = f"{self.prometheus_url.rstrip('/')}/api/v1/format_query"
        async with aiohttp.ClientSession() as session:
            said = await asyncio.gather(*(_objection(session, path, expr) for expr in written.values()))
        return {alert: why for alert, why in zip(written, said, strict=True) if why is not None}


async def _objection(session: aiohttp.ClientSession, path: str, expression: str) -> str | None:
    # In a form: 4,096 characters are more than some proxies let through in an address.
    async with session.post(path, data={"query": expression}) as response:
        answer = await response.json()
        if response.status == HTTPStatus.BAD_REQUEST and answer["errorType"] == "bad_data":
            return str(answer["error"]).removeprefix('invalid parameter "query": ')
        response.raise_for_status()
        return None


async def _known(looking: Awaitable[Answer]) -> Answer | None:
    try:
        return await asyncio.wait_for(looking, timeout=_PATIENCE_S)
    except _AWAY as error:
        _LOG.info("not_known", extra={"error": str(error)[:300] or type(error).__name__})
        return None
