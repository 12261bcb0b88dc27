"""A real kube-apiserver with a real etcd, once a session, with the CRD installed."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from modelmonitor.api.crd import custom_resource_definition

ROOT = Path(__file__).parents[2]
CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
MONITORS = "/apis/modelmonitor.io/v1alpha1/namespaces/default/modelmonitors"
TOKEN = "crd-tests"
START_LIMIT_S = 90.0


@dataclass(frozen=True)
class Cluster:
    """The API server as tests use it: create, read, change status, list as kubectl prints it."""

    http: httpx.Client

    def create(self, monitor: dict[str, Any], *, dry_run: bool = False) -> httpx.Response:
        query = {"fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        return self.http.post(MONITORS, json=monitor, params=query)

    def delete(self, name: str) -> None:
        self.http.delete(f"{MONITORS}/{name}").raise_for_status()

    def apply_status(self, name: str, status: dict[str, Any], *, manager: str) -> dict[str, Any]:
        body = {"apiVersion": "modelmonitor.io/v1alpha1", "kind": "ModelMonitor", "metadata": {"name": name}}
        answer = self.http.patch(
            f"{MONITORS}/{name}/status",
            content=json.dumps(body | {"status": status}),
            params={"fieldManager": manager, "fieldValidation": "Strict"},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        assert answer.is_success, answer.text
        return answer.json()

    def table(self) -> dict[str, dict[str, Any]]:
        """What `kubectl get modelmonitors` prints: name -> column -> cell."""
        accept = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
        table = self.http.get(MONITORS, headers=accept).raise_for_status().json()
        names = [column["name"] for column in table["columnDefinitions"]]
        rows = [dict(zip(names, row["cells"], strict=True)) for row in table["rows"]]
        return {row.pop("Name"): row for row in rows}


@pytest.fixture(scope="session")
def api_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[httpx.Client]:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    # The first call of a machine builds for minutes: whoever waits sees why.
    with capture.global_and_fixture_disabled():
        binaries = assets()
    folder = tmp_path_factory.mktemp("api-server")
    etcd_port, peer_port, api_port = free_ports(3)
    with ExitStack() as running:
        etcd = etcd_command(binaries, folder, client=etcd_port, peer=peer_port)
        running.enter_context(process(etcd, log=folder / "etcd.log"))
        server = api_server_command(binaries, folder, etcd_port=etcd_port, port=api_port)
        started = running.enter_context(process(server, log=folder / "kube-apiserver.log"))
        yield running.enter_context(ready_client(folder, port=api_port, server=started))


@pytest.fixture(scope="session")
def cluster(api_server: httpx.Client) -> Cluster:
    """The API server with the CRD established."""
    answer = api_server.post(CRDS, json=custom_resource_definition(), params={"fieldValidation": "Strict"})
    assert answer.status_code == 201, answer.text
    for _ in range(200):
        if api_server.get(MONITORS).status_code == 200:
            return Cluster(api_server)
        time.sleep(0.1)
    pytest.fail(f"the CRD is not served: {api_server.get(CRDS).text}")


def assets() -> Path:
    """Where kube-apiserver and etcd are; built on the first call of a machine, which takes minutes."""
    found = subprocess.run([sys.executable, ROOT / "tools/assets"], stdout=subprocess.PIPE, text=True)
    if found.returncode != 0:
        pytest.fail(
            "kube-apiserver and etcd are missing and could not be built; tools/assets says why, above"
        )
    return Path(found.stdout.strip())


def etcd_command(binaries: Path, folder: Path, *, client: int, peer: int) -> list[str]:
    urls = f"http://127.0.0.1:{client}"
    peers = f"http://127.0.0.1:{peer}"
    return [
        str(binaries / "etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={urls}",
        f"--advertise-client-urls={urls}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
    ]


def api_server_command(binaries: Path, folder: Path, *, etcd_port: int, port: int) -> list[str]:
    (folder / "tokens.csv").write_text(f"{TOKEN},tests,tests,system:masters\n")
    key = write_key(folder / "service-account.key")
    return [
        str(binaries / "kube-apiserver"),
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--secure-port={port}",
        f"--cert-dir={folder / 'certificates'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        "--authorization-mode=AlwaysAllow",
        "--disable-admission-plugins=ServiceAccount",
        "--service-cluster-ip-range=10.96.0.0/24",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
    ]


def write_key(path: Path) -> Path:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()))
    return path


@contextmanager
def process(command: list[str], *, log: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    with log.open("wb") as output:
        running = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        yield running, log
    finally:
        running.terminate()
        running.wait(timeout=30)


@contextmanager
def ready_client(
    folder: Path, *, port: int, server: tuple[subprocess.Popen[bytes], Path]
) -> Iterator[httpx.Client]:
    running, log = server
    certificate = folder / "certificates" / "apiserver.crt"
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline and running.poll() is None:
        if certificate.exists() and is_ready(port, certificate):
            with client(port, certificate) as http:
                yield http
            return
        time.sleep(0.2)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
    pytest.fail(
        f"kube-apiserver did not become ready within {START_LIMIT_S:.0f} s; the end of its log:\n{tail}"
    )


def is_ready(port: int, certificate: Path) -> bool:
    try:
        with client(port, certificate) as http:
            return http.get("/readyz").status_code == 200
    except (httpx.TransportError, ssl.SSLError):
        return False


def client(port: int, certificate: Path) -> httpx.Client:
    trust = ssl.create_default_context(cafile=str(certificate))
    headers = {"Authorization": f"Bearer {TOKEN}"}
    return httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trust, headers=headers, trust_env=False)


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for held in sockets:
            held.bind(("127.0.0.1", 0))
        return [held.getsockname()[1] for held in sockets]
