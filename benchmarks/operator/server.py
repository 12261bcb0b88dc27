"""A kube-apiserver with etcd for the benchmark, from the pinned builds in tools/, and its CRDs."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import httpx

from modelmonitor.api.crd import custom_resource_definition

ROOT: Final = Path(__file__).parents[2]
_CRDS: Final = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_MONITORING: Final = {"prometheusrules": "v1", "podmonitors": "v1", "alertmanagerconfigs": "v1alpha1"}


@contextmanager
def api_server(folder: Path) -> Iterator[tuple[httpx.Client, Path, list[int]]]:
    """A client, a kubeconfig, and the process ids of kube-apiserver and etcd.

    Args:
        folder: empty, for data, logs and certificates.
    """
    tools = _fixture()
    binaries = tools.assets()
    etcd_port, peer_port, api_port = tools.free_ports(3)
    with ExitStack() as running:
        etcd = tools.etcd_command(binaries, folder, client=etcd_port, peer=peer_port)
        etcd_process, _ = running.enter_context(tools.process(etcd, log=folder / "etcd.log"))
        command = tools.api_server_command(binaries, folder, etcd_port=etcd_port, port=api_port)
        started = running.enter_context(tools.process(command, log=folder / "kube-apiserver.log"))
        http = running.enter_context(tools.ready_client(folder, port=api_port, server=started))
        _install_crds(http)
        yield http, _kubeconfig(folder, http, tools.TOKEN), [started[0].pid, etcd_process.pid]


def _fixture() -> ModuleType:
    # The tests of the CRD start the same server.
    spec = importlib.util.spec_from_file_location("api_server_fixture", ROOT / "tests/crd/conftest.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(ROOT / "tests/crd/conftest.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def _install_crds(http: httpx.Client) -> None:
    found = subprocess.run(
        [sys.executable, ROOT / "tools/crds", "prometheus-operator"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    folder = Path(found.stdout.strip())
    files = [folder / f"monitoring.coreos.com_{plural}.yaml" for plural in _MONITORING]
    served = [f"monitoring.coreos.com/{version}/{plural}" for plural, version in _MONITORING.items()]
    for text in (json.dumps(custom_resource_definition()), *(file.read_text("utf-8") for file in files)):
        http.post(_CRDS, content=text, headers={"Content-Type": "application/yaml"}).raise_for_status()
    for path in ("modelmonitor.io/v1alpha1/modelmonitors", *served):
        while http.get(f"/apis/{path}").status_code != httpx.codes.OK:
            time.sleep(0.1)


def _kubeconfig(folder: Path, http: httpx.Client, token: str) -> Path:
    cluster: dict[str, Any] = {"server": str(http.base_url), "insecure-skip-tls-verify": True}
    config = {
        "current-context": "bench",
        "clusters": [{"name": "bench", "cluster": cluster}],
        "users": [{"name": "bench", "user": {"token": token}}],
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
    }
    path = folder / "kubeconfig.json"
    path.write_text(json.dumps(config), "utf-8")
    return path
