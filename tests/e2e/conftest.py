"""The whole system on a cluster: whatever KUBECONFIG names, or a kind cluster of the tests' own."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelmonitor.demo.data import read_corpus
from modelmonitor.demo.download import fetch_packages
from modelmonitor.demo.split import fixed_order, split_reviews
from tests.e2e.cluster import Cluster
from tests.e2e.journey import Journey, Texts
from tests.e2e.kind import kind_cluster
from tests.e2e.model import exported_model
from tests.e2e.objects import ROOT, images, restricted_namespace

NAMESPACE = "modelmonitor"


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """KUBECONFIG's, with the images put there by E2E_LOAD; else kind's."""
    programs = {name: _program(name, request) for name in ("kubectl", "helm")}
    given = os.environ.get("KUBECONFIG")
    if given:
        found = Cluster(Path(given), programs)
        _check(found)
        if load := os.environ.get("E2E_LOAD"):
            _load(shlex.split(load))
        yield found
    else:
        with kind_cluster(_program("kind", request)) as (kubeconfig, load):
            _load(load)
            found = Cluster(kubeconfig, programs)
            found.helm(
                *("install", "monitoring", "--namespace", "monitoring", "--create-namespace", "--wait"),
                *(
                    "--timeout",
                    "10m",
                    "-f",
                    str(Path(__file__).parent / "manifests/kube-prometheus-stack.yaml"),
                ),
                "oci://ghcr.io/prometheus-community/charts/kube-prometheus-stack",
            )
            yield found


@pytest.fixture(scope="session")
def texts() -> Texts:
    """Movie reviews and tweets; the package index is asked by this machine, never by the cluster."""
    source = fetch_packages(ROOT / ".cache/bench/downloads")["vaderSentiment"]
    return Texts(
        reviews=split_reviews(read_corpus(source, "movie")), tweets=fixed_order(read_corpus(source, "tweets"))
    )


@pytest.fixture(scope="session")
def model() -> Path:
    """The served model: trained by the demo's recipe in some minutes, the first time on this machine."""
    return exported_model(ROOT / ".cache/bench")


@pytest.fixture(scope="module")
def journey(cluster: Cluster, texts: Texts) -> Iterator[Journey]:
    """An empty namespace that admits only restricted pods, and the way through it."""
    journey = Journey(cluster, texts, namespace=NAMESPACE, values=_values())
    keep = bool(os.environ.get("E2E_KEEP"))
    if not keep:
        journey.clear()
    cluster.apply(restricted_namespace(NAMESPACE))
    yield journey
    if not keep:
        journey.clear()


def _values() -> tuple[Path, ...]:
    return tuple(Path(each).resolve() for each in os.environ.get("E2E_VALUES", "").split(":") if each)


def _program(name: str, request: pytest.FixtureRequest) -> str:
    capture = request.config.pluginmanager.getplugin("capturemanager")
    # The first call of a machine builds for minutes: whoever waits sees why.
    with capture.global_and_fixture_disabled():
        found = subprocess.run(
            [sys.executable, ROOT / "tools/program", name], stdout=subprocess.PIPE, text=True
        )
    if found.returncode != 0:
        pytest.exit(f"{name} is missing and could not be built; tools/program says why, above", returncode=2)
    return found.stdout.strip()


def _check(cluster: Cluster) -> None:
    served = cluster.attempt("kubectl", "api-versions")
    if served.returncode != 0:
        pytest.exit(f"KUBECONFIG={cluster.kubeconfig} reaches no cluster: {served.stderr.strip()}", 2)
    if "monitoring.coreos.com/v1\n" not in served.stdout:
        pytest.exit(
            "The cluster has no Prometheus Operator (monitoring.coreos.com/v1), without which nothing is "
            "scraped: install kube-prometheus-stack in namespace monitoring.",
            2,
        )


def _load(command: list[str]) -> None:
    done = subprocess.run([*command, *images()])
    if done.returncode != 0:
        pytest.exit(f"{shlex.join(command)} could not load {', '.join(images())}; see above", 2)
