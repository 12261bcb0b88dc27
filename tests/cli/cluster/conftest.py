"""A monitored model in a cluster: a real kube-apiserver, Prometheus, MLflow and PostgreSQL."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor.local.mlflow import MlflowServer
from modelmonitor.local.ports import free_port
from tests.dashboards.conftest import prometheus, prometheus_program
from tests.operator.conftest import (
    Namespace,
    api_server,
    http,
    kubeconfig,
    least,
    monitoring_crds,
    no_prometheus_operator,
    point_at,
    prometheus_operator,
)

__all__ = [
    "api_server",
    "http",
    "kubeconfig",
    "least",
    "monitoring_crds",
    "no_prometheus_operator",
    "point_at",
    "prometheus",
    "prometheus_operator",
    "prometheus_program",
]
# The namespace and the monitor whose series the Prometheus of the dashboards' tests holds.
NAMESPACE = "ml"
PATIENCE_S = 240.0
WAITS = {
    "type": "RetrainTriggered",
    "status": "False",
    "reason": "AwaitingApproval",
    "message": "Trigger a1b2 (low-confidence) waits for approval: kubectl -n ml annotate --overwrite "
    "modelmonitor sentiment modelmonitor.io/approve-retrain=a1b2",
    "lastTransitionTime": "2026-11-20T02:27:00Z",
}
UNREACHABLE = {
    "type": "TargetReachable",
    "status": "False",
    "reason": "NoPods",
    "message": "No pod of InferenceService sentiment is ready.",
    "lastTransitionTime": "2026-11-20T02:27:00Z",
}
DRIFTS = {
    "name": "data",
    "type": "data",
    "verdict": "Drift",
    "severity": "warning",
    "message": "The inputs changed.",
    "lastRunTime": "2026-11-20T02:07:00Z",
    "pValue": "0.004",
    "threshold": "0.01",
    "rows": 4812,
}
MONITOR = {
    "apiVersion": "modelmonitor.io/v1alpha1",
    "kind": "ModelMonitor",
    "metadata": {"name": "sentiment"},
    "spec": {"target": {"inferenceService": "sentiment"}, "reference": {"dataset": "reviews"}},
}
SERVICE = {
    "apiVersion": "serving.kserve.io/v1beta1",
    "kind": "InferenceService",
    "metadata": {"name": "sentiment"},
    "spec": {"predictor": {"model": {"modelFormat": {"name": "huggingface"}}}},
}


@dataclass(frozen=True)
class Shell:
    """Types commands as a person does whose kubeconfig names the cluster and the namespace `ml`."""

    namespace: Namespace
    kubeconfig: Path
    cli: Callable[..., Any]
    environment: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, columns: int = 80, **environment: str) -> Any:
        where = ("--kubeconfig", str(self.kubeconfig), "--timeout", "20")
        return self.cli(*arguments, *where, columns=columns, **self.environment, **environment)

    def items(self, *arguments: str, **environment: str) -> list[dict[str, Any]]:
        finished = self(*arguments, "-o", "json", **environment)
        assert finished.code == 0, finished.err
        return json.loads(finished.out)["items"]

    def say(self, **status: Any) -> None:
        """Write the monitor's status as the operator does."""
        self.namespace.patch("ModelMonitor", "sentiment", {"status": status}, subresource="/status")


@pytest.fixture
def shell(http: httpx.Client, kubeconfig: Path, cli: Callable[..., Any]) -> Iterator[Shell]:
    """The monitor `sentiment` in `ml`, whose data check drifts and which waits with a training."""
    named = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    assert http.post("/api/v1/namespaces", json=named).status_code in {201, 409}
    config = json.loads(kubeconfig.read_text())
    config["contexts"][0]["context"]["namespace"] = NAMESPACE
    kubeconfig.write_text(json.dumps(config))
    ours = Shell(Namespace(http, NAMESPACE), kubeconfig, cli)
    ours.namespace.create("ModelMonitor", MONITOR)
    ours.namespace.create("InferenceService", SERVICE)
    ours.say(modelVersion="7", conditions=[WAITS], checks=[DRIFTS])
    yield ours
    for kind in ("ModelMonitor", "InferenceService", "Job", "CronJob", "Service"):
        for each in ours.namespace.list(kind):
            path = ours.namespace.path(kind, each["metadata"]["name"])
            # A Job's default leaves its pods to a collector of garbage, which no API server has.
            http.delete(path, params={"propagationPolicy": "Background"}).raise_for_status()


@pytest.fixture(scope="module")
def mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server with one run of today."""
    folder = tmp_path_factory.mktemp("mlflow")
    with MlflowServer(folder, port=free_port(0).number) as server:
        api = f"{server.url}/api/2.0/mlflow"
        with httpx.Client(trust_env=False) as client:
            made = client.post(
                f"{api}/runs/create",
                json={"experiment_id": "0", "run_name": "nightly", "start_time": int(time.time() * 1000)},
            )
            identity = made.raise_for_status().json()["run"]["info"]["run_id"]
            metric = {"run_id": identity, "key": "accuracy", "value": 0.86, "timestamp": 1}
            client.post(f"{api}/runs/log-metric", json=metric).raise_for_status()
        yield server.url


@pytest.fixture(scope="module")
def choosy_mlflow_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A tracking server that answers to another host's name only."""
    folder = tmp_path_factory.mktemp("choosy")
    port = free_port(0).number
    command = (
        *(sys.executable, "-m", "mlflow", "server", "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}"),
        *("--host", "127.0.0.1", "--port", str(port), "--allowed-hosts", "mlflow.example"),
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + PATIENCE_S
    while not _listens(url):
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.3)
    yield url
    process.terminate()
    process.wait(timeout=30)


def _listens(url: str) -> bool:
    try:
        httpx.get(f"{url}/health", trust_env=False)
    except httpx.TransportError:
        return False
    return True
