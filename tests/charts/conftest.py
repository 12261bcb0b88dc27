"""Real Helm, and a real API server that takes or refuses what it renders."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from tests.crd.conftest import CRDS, TOKEN, api_server

ROOT = Path(__file__).parents[2]
CHARTS = ROOT / "charts"
VALUES = Path(__file__).parent / "values"
MONITORING = ("servicemonitors", "podmonitors", "prometheusrules", "alertmanagerconfigs")
__all__ = ["api_server"]

Json = dict[str, Any]


@dataclass(frozen=True)
class Helm:
    """Helm as people call it."""

    program: Path
    kubeconfig: Path | None = None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        own = ["--kubeconfig", str(self.kubeconfig)] if self.kubeconfig else []
        return subprocess.run([str(self.program), *arguments, *own], capture_output=True, text=True)

    def render(self, chart: str, *arguments: str) -> list[Json]:
        common = (
            "--kube-version",
            "1.34.0",
            "--namespace",
            "mm",
            "--api-versions",
            "monitoring.coreos.com/v1,monitoring.coreos.com/v1alpha1",
        )
        done = self.run("template", "mm", str(CHARTS / chart), *common, *arguments)
        assert done.returncode == 0, done.stderr
        return [each for each in YAML(typ="safe").load_all(done.stdout) if each]

    def refusal(self, chart: str, *arguments: str) -> str:
        done = self.run("template", "mm", str(CHARTS / chart), "--kube-version", "1.34.0", *arguments)
        assert done.returncode != 0, "it renders"
        return done.stderr


@dataclass(frozen=True)
class Server:
    """The API server: what it says of an object; remembers which kinds it serves."""

    http: httpx.Client
    served: dict[str, list[Json]] = field(default_factory=dict)

    def namespace(self, name: str) -> None:
        enforce = {"pod-security.kubernetes.io/enforce": "restricted"}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": enforce}}
        answer = self.http.post("/api/v1/namespaces", json=body)
        assert answer.status_code in (201, 409), answer.text

    def path(self, item: Json) -> str:
        version = item["apiVersion"]
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if base not in self.served:
            self.served[base] = self.http.get(base).raise_for_status().json()["resources"]
        resources = self.served[base]
        found = next(each for each in resources if each["kind"] == item["kind"] and "/" not in each["name"])
        space = f"/namespaces/{item['metadata'].get('namespace', 'mm')}" if found["namespaced"] else ""
        return f"{base}{space}/{found['name']}"

    def dry_run(self, item: Json) -> str:
        """What is wrong with an object; empty if nothing is."""
        answer = self.http.patch(
            f"{self.path(item)}/{item['metadata']['name']}",
            content=json.dumps(item),
            params={"fieldManager": "tests", "fieldValidation": "Strict", "dryRun": "All"},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        return "" if answer.is_success else f"{item['kind']} {item['metadata']['name']}: {answer.text}"

    def get(self, path: str) -> Json | None:
        answer = self.http.get(path)
        return answer.json() if answer.is_success else None


def program(name: str, request: pytest.FixtureRequest) -> Path:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    # The first call of a machine builds for minutes: whoever waits sees why.
    with capture.global_and_fixture_disabled():
        found = subprocess.run(
            [sys.executable, ROOT / "tools/program", name], stdout=subprocess.PIPE, text=True
        )
    if found.returncode != 0:
        pytest.fail(f"{name} is missing and could not be built; tools/program says why, above")
    return Path(found.stdout.strip())


@pytest.fixture(scope="session")
def helm(request: pytest.FixtureRequest) -> Helm:
    return Helm(program("helm", request))


@pytest.fixture(scope="session")
def helm_unittest(request: pytest.FixtureRequest) -> Path:
    return program("helm-unittest", request)


@pytest.fixture(scope="session")
def helm_docs(request: pytest.FixtureRequest) -> Path:
    return program("helm-docs", request)


@pytest.fixture(scope="session")
def server(api_server: httpx.Client) -> Server:
    """Serves the kinds of Prometheus Operator and KServe, and stand-ins for those of others."""
    operator, kserve = crds("prometheus-operator"), crds("kserve")
    for plural in MONITORING:
        _install(api_server, (operator / f"monitoring.coreos.com_{plural}.yaml").read_text("utf-8"))
    _install(api_server, (kserve / "serving.kserve.io_inferenceservices.yaml").read_text("utf-8"))
    _install(api_server, json.dumps(_anything("postgresql.cnpg.io", "v1", "Cluster")))
    for kind in ("Certificate", "Issuer"):
        _install(api_server, json.dumps(_anything("cert-manager.io", "v1", kind)))
    for path in (
        "cert-manager.io/v1",
        "monitoring.coreos.com/v1",
        "monitoring.coreos.com/v1alpha1",
        "serving.kserve.io/v1beta1",
        "postgresql.cnpg.io/v1",
    ):
        _wait_until_served(api_server, path)
    found_server = Server(api_server)
    found_server.namespace("mm")
    return found_server


@pytest.fixture
def installed(helm: Helm, server: Server, tmp_path: Path) -> Iterator[tuple[Helm, str]]:
    """Helm that talks to the API server, and a namespace of the test's own."""
    name = f"mm-{uuid.uuid4().hex[:6]}"
    server.namespace(name)
    own = Helm(helm.program, kubeconfig=_kubeconfig(tmp_path, server))
    yield own, name
    own.run("uninstall", "mm", "-n", name, "--ignore-not-found")
    # Kept by design, and in the way of the next test: until it is gone nothing can be applied to it.
    server.http.delete(f"{CRDS}/modelmonitors.modelmonitor.io")
    for _ in range(300):
        if server.get(f"{CRDS}/modelmonitors.modelmonitor.io") is None:
            return
        time.sleep(0.1)
    pytest.fail("the CRD does not go")


def crds(project: str) -> Path:
    command = [sys.executable, ROOT / "tools/crds", project]
    found = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    assert found.returncode == 0, "tools/crds says why, above"
    return Path(found.stdout.strip())


def _install(http: httpx.Client, crd: str) -> None:
    # As YAML to the server: Python's readers stumble over the value '=' in one of them.
    answer = http.post(CRDS, content=crd, headers={"Content-Type": "application/yaml"}, timeout=60)
    assert answer.status_code in (201, 409), answer.text


def _anything(group: str, version: str, kind: str) -> Json:
    plural = f"{kind.lower()}s"
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    served = {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": kind, "plural": plural, "singular": kind.lower()}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": [served]},
    }


def _wait_until_served(http: httpx.Client, path: str) -> None:
    for _ in range(200):
        answer = http.get(f"/apis/{path}")
        if answer.is_success and answer.json()["resources"]:
            return
        time.sleep(0.1)
    pytest.fail(f"{path} is not served")


def _kubeconfig(folder: Path, server: Server) -> Path:
    cluster = {"server": str(server.http.base_url), "insecure-skip-tls-verify": True}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "tests", "user": {"token": TOKEN}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
        "current-context": "tests",
    }
    path = folder / "kubeconfig.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    return path
