"""The operator, with Kopf in it, against a real kube-apiserver and etcd."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from controller.handlers.login import connect
from controller.handlers.operator import run_operator
from controller.settings import OperatorSettings
from modelmonitor.api.crd import custom_resource_definition
from modelmonitor.api.field_managers import job_manager

ROOT = Path(__file__).parents[2]
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MONITORING = {"prometheusrules": "v1", "podmonitors": "v1", "alertmanagerconfigs": "v1alpha1"}
PATHS = {
    "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings",
    "CronJob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "Job": "/apis/batch/v1/namespaces/{}/jobs",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "Pod": "/api/v1/namespaces/{}/pods",
    "Service": "/api/v1/namespaces/{}/services",
    "Event": "/apis/events.k8s.io/v1/namespaces/{}/events",
    "PodMonitor": "/apis/monitoring.coreos.com/v1/namespaces/{}/podmonitors",
    "PrometheusRule": "/apis/monitoring.coreos.com/v1/namespaces/{}/prometheusrules",
    "AlertmanagerConfig": "/apis/monitoring.coreos.com/v1alpha1/namespaces/{}/alertmanagerconfigs",
    "InferenceService": "/apis/serving.kserve.io/v1beta1/namespaces/{}/inferenceservices",
    "ModelMonitor": "/apis/modelmonitor.io/v1alpha1/namespaces/{}/modelmonitors",
}
CHILDREN = (
    "ConfigMap",
    "ServiceAccount",
    "Role",
    "RoleBinding",
    "CronJob",
    "PodMonitor",
    "PrometheusRule",
    "AlertmanagerConfig",
)
PATIENCE_S = 30.0


@dataclass(frozen=True)
class Namespace:
    """A namespace of the API server as tests use it."""

    http: httpx.Client
    name: str

    def path(self, kind: str, name: str = "") -> str:
        return PATHS[kind].format(self.name) + (f"/{name}" if name else "")

    def create(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self.http.post(self.path(kind), json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def get(self, kind: str, name: str) -> dict[str, Any]:
        return self.http.get(self.path(kind, name)).raise_for_status().json()

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        answer = self.http.get(self.path(kind, name))
        return None if answer.status_code == 404 else answer.raise_for_status().json()

    def list(self, kind: str) -> list[dict[str, Any]]:
        answer = self.http.get(self.path(kind))
        return [] if answer.status_code == 404 else answer.raise_for_status().json()["items"]

    def delete(self, kind: str, name: str) -> None:
        self.http.delete(self.path(kind, name)).raise_for_status()

    def patch(self, kind: str, name: str, body: dict[str, Any], *, subresource: str = "") -> dict[str, Any]:
        answer = self.http.patch(
            self.path(kind, name) + subresource,
            content=json.dumps(body),
            headers={"Content-Type": "application/merge-patch+json"},
        )
        assert answer.is_success, answer.text
        return answer.json()

    def write_checks(self, name: str, checks: list[dict[str, Any]]) -> None:
        """Write results as drift jobs do: server-side apply, each check with its own field manager."""
        body = {"apiVersion": "modelmonitor.io/v1alpha1", "kind": "ModelMonitor", "metadata": {"name": name}}
        for check in checks:
            self.http.patch(
                self.path("ModelMonitor", name) + "/status",
                content=json.dumps(body | {"status": {"checks": [check]}}),
                params={"fieldManager": job_manager(check["name"]), "force": "true"},
                headers={"Content-Type": "application/apply-patch+yaml"},
            ).raise_for_status()

    def versions(self) -> dict[str, str]:
        """resourceVersion of everything that the operator writes."""
        return {
            f"{kind}/{each['metadata']['name']}": each["metadata"]["resourceVersion"]
            for kind in (*CHILDREN, "ModelMonitor", "Event")
            for each in self.list(kind)
        }

    def condition(self, monitor: str, kind: str) -> dict[str, Any]:
        status = self.get("ModelMonitor", monitor).get("status", {})
        return next((each for each in status.get("conditions", []) if each["type"] == kind), {})

    def wait(self, until: Callable[[], Any], *, why: str) -> Any:
        """The first true answer of `until`."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            answer = until()
            if answer:
                return answer
            time.sleep(0.1)
        pytest.fail(
            f"{why}: not within {PATIENCE_S:.0f} s; monitors: {json.dumps(self.list('ModelMonitor'))}"
        )

    def wait_for_condition(self, monitor: str, kind: str, status: str) -> dict[str, Any]:
        def holds() -> dict[str, Any] | None:
            found = self.get("ModelMonitor", monitor)
            current = self.condition(monitor, kind)
            right = current.get("status") == status
            seen = found.get("status", {}).get("observedGeneration") == found["metadata"]["generation"]
            return current if right and seen else None

        return self.wait(holds, why=f"{kind}={status} of {monitor}")


@dataclass
class RunningOperator:
    """An operator in a thread."""

    thread: threading.Thread
    loop: asyncio.AbstractEventLoop
    stop_event: asyncio.Event
    port: int
    errors: list[BaseException] = field(default_factory=list)

    def metrics(self) -> str:
        return httpx.get(f"http://127.0.0.1:{self.port}/metrics", trust_env=False).raise_for_status().text

    def healthz(self) -> int:
        return httpx.get(f"http://127.0.0.1:{self.port}/healthz", trust_env=False).status_code

    def writes(self) -> float:
        """Requests that it sent which change something."""
        return self._sum("modelmonitor_operator_api_requests_total{", without='verb="GET"')

    def reconciles(self) -> float:
        return self._sum("modelmonitor_operator_reconciles_total{")

    def _sum(self, start: str, *, without: str = "nothing") -> float:
        lines = [
            line for line in self.metrics().splitlines() if line.startswith(start) and without not in line
        ]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    def stop(self) -> None:
        if self.thread.is_alive():
            self.loop.call_soon_threadsafe(self.stop_event.set)
            self.thread.join(timeout=PATIENCE_S)
        assert not self.thread.is_alive(), "the operator does not stop"
        assert not self.errors, self.errors


StartOperator = Callable[..., RunningOperator]


def _api_server_module() -> ModuleType:
    # The fixture lives beside the tests of the CRD, which pytest's importlib mode gives no importable name.
    spec = importlib.util.spec_from_file_location("api_server_fixture", ROOT / "tests/crd/conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_SERVER = _api_server_module()
_command_of_crd_tests = _SERVER.api_server_command
LEAST = "operator-with-least-rights"


def _command(binaries: Path, folder: Path, **ports: int) -> list[str]:
    """The API server of the CRD's tests, but with RBAC and a user who may do only what a role grants."""
    command = _command_of_crd_tests(binaries, folder, **ports)
    with (folder / "tokens.csv").open("a") as tokens:
        tokens.write(f"{LEAST},{LEAST},{LEAST}\n")
    return [
        "--authorization-mode=RBAC" if part.startswith("--authorization-mode") else part for part in command
    ]


_SERVER.api_server_command = _command
api_server = _SERVER.api_server


@pytest.fixture(scope="session")
def http(api_server: httpx.Client) -> httpx.Client:
    """The API server with the ModelMonitor CRD and a stand-in for KServe's InferenceService."""
    install_crd(
        api_server, json.dumps(custom_resource_definition()), served="modelmonitor.io/v1alpha1/modelmonitors"
    )
    install_crd(
        api_server, json.dumps(inference_service_crd()), served="serving.kserve.io/v1beta1/inferenceservices"
    )
    return api_server


@pytest.fixture(scope="session")
def monitoring_crds() -> dict[str, str]:
    """The CRDs of Prometheus Operator as YAML, by the path that they serve."""
    found = subprocess.run(
        [sys.executable, ROOT / "tools/crds", "prometheus-operator"], stdout=subprocess.PIPE, text=True
    )
    if found.returncode != 0:
        pytest.fail("the CRDs of Prometheus Operator could not be had; tools/crds says why, above")
    folder = Path(found.stdout.strip())
    return {
        f"monitoring.coreos.com/{version}/{plural}": (
            folder / f"monitoring.coreos.com_{plural}.yaml"
        ).read_text()
        for plural, version in MONITORING.items()
    }


@pytest.fixture
def prometheus_operator(http: httpx.Client, monitoring_crds: dict[str, str]) -> None:
    """Prometheus Operator's kinds are served."""
    for served, crd in monitoring_crds.items():
        install_crd(http, crd, served=served)


@pytest.fixture
def no_prometheus_operator(http: httpx.Client) -> None:
    """Prometheus Operator's kinds are not served."""
    for plural in MONITORING:
        http.delete(f"{CRDS}/{plural}.monitoring.coreos.com")
    for plural in MONITORING:
        wait_until(
            lambda plural=plural: http.get(f"{CRDS}/{plural}.monitoring.coreos.com").status_code == 404
        )


def install_crd(http: httpx.Client, crd: str, *, served: str) -> None:
    group, _, plural = served.split("/")
    if http.get(f"{CRDS}/{plural}.{group}").status_code == 404:
        # As YAML to the server: Python's readers stumble over the value '=' in one of them.
        answer = http.post(CRDS, content=crd, headers={"Content-Type": "application/yaml"})
        assert answer.status_code == 201, answer.text
    wait_until(lambda: http.get(f"/apis/{served}").status_code == 200)


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.1)


def inference_service_crd() -> dict[str, Any]:
    """KServe's kind with the part of its schema, which has two megabytes, that the operator writes to."""
    anything = {"x-kubernetes-preserve-unknown-fields": True}
    logger = {
        "type": "object",
        "properties": {"mode": {"type": "string"}, "url": {"type": "string"}},
    }
    predictor = {"type": "object", **anything, "properties": {"logger": logger}}
    spec = {"type": "object", **anything, "properties": {"predictor": predictor}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "inferenceservices.serving.kserve.io"},
        "spec": {
            "group": "serving.kserve.io",
            "scope": "Namespaced",
            "names": {
                "kind": "InferenceService",
                "plural": "inferenceservices",
                "singular": "inferenceservice",
            },
            "versions": [
                {
                    "name": "v1beta1",
                    "served": True,
                    "storage": True,
                    "schema": {
                        "openAPIV3Schema": {"type": "object", **anything, "properties": {"spec": spec}}
                    },
                }
            ],
        },
    }


@pytest.fixture
def make_namespace(http: httpx.Client) -> Iterator[Callable[[], Namespace]]:
    """Makes namespaces of the test's own; their monitors are deleted afterwards."""
    made: list[Namespace] = []

    def make() -> Namespace:
        name = f"t-{uuid.uuid4().hex[:8]}"
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
        http.post("/api/v1/namespaces", json=body).raise_for_status()
        made.append(Namespace(http, name))
        return made[-1]

    yield make
    for space in made:
        for monitor in space.list("ModelMonitor"):
            space.delete("ModelMonitor", monitor["metadata"]["name"])


@pytest.fixture
def namespace(make_namespace: Callable[[], Namespace]) -> Namespace:
    """A namespace of the test's own."""
    return make_namespace()


@pytest.fixture
def kubeconfig(http: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """KUBECONFIG names the API server."""
    path = tmp_path / "kubeconfig.json"
    write_kubeconfig(path, server=str(http.base_url))
    monkeypatch.setenv("KUBECONFIG", str(path))
    return path


def write_kubeconfig(path: Path, *, server: str, token: str = _SERVER.TOKEN) -> None:
    config = {
        "current-context": "tests",
        "clusters": [{"name": "tests", "cluster": {"server": server, "insecure-skip-tls-verify": True}}],
        "users": [{"name": "tests", "user": {"token": token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
    }
    path.write_text(json.dumps(config))


@pytest.fixture
def start_operator(kubeconfig: Path, namespace: Namespace) -> Iterator[StartOperator]:
    """Starts an operator on the namespace of the test, or with other settings; all are stopped at the end."""
    running: list[RunningOperator] = []

    def start(**settings: Any) -> RunningOperator:
        chosen = {"namespaces": (namespace.name,), "port": 0, "recheck_s": 1.0, **settings}
        operator = start_in_thread(OperatorSettings(**chosen))
        running.append(operator)
        return operator

    yield start
    for operator in running:
        operator.stop()


def start_in_thread(settings: OperatorSettings) -> RunningOperator:
    started = threading.Event()
    parts: dict[str, Any] = {}
    errors: list[BaseException] = []

    async def main() -> None:
        parts["loop"], parts["stop"] = asyncio.get_running_loop(), asyncio.Event()

        def listening(port: int) -> None:
            parts["port"] = port
            started.set()

        await run_operator(settings, connect=connect, stop=parts["stop"], on_listening=listening)

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # a thread's error is nobody's unless it is kept
            errors.append(error)
        finally:
            started.set()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(PATIENCE_S)
    assert not errors, errors
    return RunningOperator(thread, parts["loop"], parts["stop"], parts["port"], errors)


@contextmanager
def operator_process(kubeconfig: Path, namespace: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The operator as a process of its own."""
    command = [sys.executable, "-m", "controller", "run", "--namespace", namespace]
    environment = {"KUBECONFIG": str(kubeconfig), "MM_OPERATOR_PORT": "0", "PATH": "/usr/bin:/bin"}
    with log.open("ab") as output:
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.wait(timeout=30)


@pytest.fixture
def monitor() -> dict[str, Any]:
    """A small valid ModelMonitor of pods, which needs no KServe."""
    return {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "metadata": {"name": "sentiment"},
        "spec": {
            "target": {"podSelector": {"matchLabels": {"app": "sentiment"}}, "modelName": "sentiment"},
            "reference": {"dataset": "movie-reviews"},
        },
    }


@pytest.fixture
def install(http: httpx.Client) -> Callable[..., None]:
    """Installs a CRD and waits until its kind is served."""
    return lambda crd, *, served: install_crd(http, crd, served=served)


@pytest.fixture
def run_process() -> Callable[..., Any]:
    """Runs the operator as a process of its own."""
    return operator_process


@pytest.fixture
def point_at() -> Callable[..., None]:
    """Writes another address of the API server, or another user, into a kubeconfig."""
    return write_kubeconfig


@pytest.fixture
def least() -> str:
    """A user, by name and token, without any right."""
    return LEAST
