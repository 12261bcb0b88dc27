"""A real API server takes install.yaml, base, every overlay and every sample."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from modelmonitor.api.load import load_monitor
from tests.charts.conftest import CRDS, ROOT, Json, Server, api_server, server

__all__ = ["api_server", "server"]
MANIFESTS = ROOT / "manifests"
SAMPLES = sorted((MANIFESTS / "samples").glob("*.yaml"))
FOLDERS = [MANIFESTS / "base", *sorted((MANIFESTS / "overlays").iterdir())]


def objects(path: Path) -> list[Json]:
    return [each for each in YAML(typ="safe").load_all(path.read_text("utf-8")) if each]


def built(folder: Path) -> list[Json]:
    """What kustomize builds of a folder that only lists resources."""
    items: list[Json] = []
    for resource in objects(folder / "kustomization.yaml")[0]["resources"]:
        path = folder / resource
        items += built(path.resolve()) if path.is_dir() else objects(path)
    return items


@pytest.fixture
def prepared(server: Server) -> Iterator[Server]:
    for name in ("modelmonitor", "ml"):
        server.namespace(name)
    return server


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_an_api_server_takes_a_folder(folder: Path, prepared: Server) -> None:
    refused = [prepared.dry_run(item) for item in built(folder)]
    assert [each for each in refused if each] == []


def test_an_api_server_takes_install_yaml(prepared: Server) -> None:
    refused = [prepared.dry_run(item) for item in objects(MANIFESTS / "install.yaml")]
    assert [each for each in refused if each] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_nothing_is_there_twice(folder: Path) -> None:
    names = [
        (item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in built(folder)
    ]
    assert len(names) == len(set(names))


@pytest.fixture(scope="module")
def with_crd(server: Server) -> Server:
    crd = next(
        each for each in objects(MANIFESTS / "install.yaml") if each["kind"] == "CustomResourceDefinition"
    )
    server.http.post(CRDS, json=crd)
    for _ in range(200):
        if server.http.get("/apis/modelmonitor.io/v1alpha1").is_success:
            return server
    pytest.fail("the CRD is not served")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_an_api_server_takes_a_sample(sample: Path, with_crd: Server) -> None:
    with_crd.namespace("ml")
    refused = [with_crd.dry_run(item) for item in objects(sample)]
    assert [each for each in refused if each] == []


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_the_loader_takes_a_sample(sample: Path) -> None:
    assert load_monitor(sample.read_text("utf-8"), source=sample.name).metadata.namespace == "ml"


def test_every_kind_of_sample_is_there() -> None:
    assert {"minimal", "full", "segments", "delayed-labels", "own-deployment"} <= {
        each.stem for each in SAMPLES
    }


def test_the_files_are_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "manifests/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True
    )
    assert (done.returncode, done.stderr.replace("tools/assets", "")) == (0, "")
