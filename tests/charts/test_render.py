"""Every set of values renders to objects that hold together; an API server takes each of them."""

from __future__ import annotations

import base64
import binascii
import gzip
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.charts.conftest import CHARTS, VALUES, Helm, Json, Server

CASES = sorted(VALUES.glob("*.yaml"))
each_case = pytest.mark.parametrize("values", CASES, ids=lambda path: path.stem)


@cache
def rendered(helm: Helm, values: Path) -> list[Json]:
    """Objects that several tests look at, and none changes."""
    return helm.render(values.stem.split(".")[0], "-f", str(values))


OF_KSERVE = {"minReplicas", "maxReplicas", "labels", "annotations"}


def pod_templates(items: list[Json]) -> Iterator[tuple[str, Json]]:
    for item in items:
        name = f"{item['kind']} {item['metadata']['name']}"
        if item["kind"] == "Pod":
            yield name, {"metadata": item["metadata"], "spec": item["spec"]}
        elif item["kind"] == "InferenceService":
            predictor = item["spec"]["predictor"]
            spec = {key: value for key, value in predictor.items() if key not in OF_KSERVE}
            yield name, {"metadata": {"labels": predictor["labels"]}, "spec": spec}
        elif item["kind"] in ("Deployment", "StatefulSet", "Job"):
            template = item["spec"]["template"]
            claims = [
                {"name": claim["metadata"]["name"], "emptyDir": {}}
                for claim in item["spec"].get("volumeClaimTemplates", ())
            ]
            yield (
                name,
                template | {"spec": template["spec"] | {"volumes": [*template["spec"]["volumes"], *claims]}},
            )


def containers(items: list[Json]) -> Iterator[tuple[str, Json]]:
    for name, pod in pod_templates(items):
        for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
            yield f"{name}/{container['name']}", container


@each_case
def test_an_api_server_takes_every_object(values: Path, helm: Helm, server: Server) -> None:
    server.namespace("ml")
    refused = [server.dry_run(item) for item in rendered(helm, values)]
    assert [each for each in refused if each] == []


@each_case
def test_pod_security_restricted_admits_every_pod(values: Path, helm: Helm, server: Server) -> None:
    refused = []
    for number, (_, template) in enumerate(pod_templates(rendered(helm, values))):
        metadata = {
            "name": f"pod-{number}",
            "namespace": "mm",
            "labels": template["metadata"].get("labels", {}),
        }
        spec = template["spec"] | {"serviceAccountName": "default"}
        # Its admission plugin needs a controller that this API server does not have.
        spec.pop("priorityClassName", None)
        refused.append(
            server.dry_run({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
        )
    assert [each for each in refused if each] == []


@each_case
def test_containers_are_bounded_pinned_and_read_only(values: Path, helm: Helm) -> None:
    faults = []
    for name, container in containers(rendered(helm, values)):
        resources = container["resources"]
        if not (resources["requests"].keys() >= {"cpu", "memory"} and "memory" in resources["limits"]):
            faults.append(f"{name} has no bounds")
        _, _, tag = container["image"].partition(":")
        if not tag or tag == "latest" or not container["image"].count("/"):
            faults.append(f"{name} has the image {container['image']}")
        if not container["securityContext"]["readOnlyRootFilesystem"]:
            faults.append(f"{name} can write to its root")
    assert faults == []


@each_case
def test_servers_are_probed(values: Path, helm: Helm) -> None:
    lasting = [
        each
        for item in rendered(helm, values)
        if item["kind"] in ("Deployment", "StatefulSet")
        for each in item["spec"]["template"]["spec"]["containers"]
    ]
    wanted = {"startupProbe", "livenessProbe", "readinessProbe"}
    assert [each["name"] for each in lasting if not wanted <= each.keys()] == []


@each_case
def test_no_password_is_in_an_argument_or_a_variable(values: Path, helm: Helm) -> None:
    items = rendered(helm, values)
    secrets = {
        value
        for item in items
        if item["kind"] == "Secret"
        for value in (*item.get("data", {}).values(), *item.get("stringData", {}).values())
    }
    decoded = {text for value in secrets for text in (value, decode(value)) if len(text) > 20}
    said = " ".join(
        str((each.get("command"), each.get("args"), each.get("env"))) for _, each in containers(items)
    )
    config = " ".join(str(item.get("data")) for item in items if item["kind"] == "ConfigMap")
    assert not [text for text in decoded if text in said or text in config]
    assert "password=" not in said


def decode(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return value


@each_case
def test_services_and_policies_select_pods_that_are_there(values: Path, helm: Helm) -> None:
    items = rendered(helm, values)
    labels = [pod["metadata"].get("labels", {}) for _, pod in pod_templates(items)]
    missed = [
        f"{item['kind']} {item['metadata']['name']}"
        for item in items
        if (wanted := selector(item)) is not None and not any(wanted.items() <= own.items() for own in labels)
    ]
    assert missed == []


def selector(item: Json) -> dict[str, Any] | None:
    if item["kind"] == "Service":
        return item["spec"]["selector"]
    if item["kind"] == "PodDisruptionBudget":
        return item["spec"]["selector"]["matchLabels"]
    return item["spec"]["podSelector"]["matchLabels"] if item["kind"] == "NetworkPolicy" else None


@pytest.mark.parametrize(
    ("chart", "arguments", "sentence"),
    [
        ("modelmonitor", ["--set=collector.input=keep"], "at '/collector/input': value must be one of"),
        ("modelmonitor", ["--set=operater.workers=2"], "additional properties 'operater' not allowed"),
        ("modelmonitor", ["--set=operator.workers=many"], "at '/operator/workers': got string, want integer"),
        (
            "modelmonitor",
            ["--set=operator.serviceAccount.create=false"],
            "operator.serviceAccount.name: name the service account",
        ),
        (
            "modelmonitor-stack",
            ["--set=modelmonitor.collector.replicas=0"],
            "at '/collector/replicas': minimum: got 0, want 1",
        ),
        (
            "modelmonitor-stack",
            ["--set=grafana.enabled=false"],
            "additional properties 'grafana' not allowed",
        ),
        (
            "monitoring-stack",
            ["--set=postgresql.mountPath=/var/lib/postgresql/data"],
            "postgresql.mountPath: images since 18 stop with a volume at /var/lib/postgresql/data",
        ),
        (
            "monitoring-stack",
            ["--set=postgresql.dataDirectory=/data"],
            "postgresql.dataDirectory: /data is not on the volume, so data would be lost",
        ),
        (
            "monitoring-stack",
            ["--set=postgresql.mode=external"],
            "mlflow.database.existingSecret: name a Secret with key uri",
        ),
        (
            "monitoring-stack",
            ["--set=postgresql.mode=external,mlflow.enabled=false"],
            "postgresql.external.readerSecret: name a Secret with keys username and password",
        ),
        (
            "monitoring-stack",
            ["--set=postgresql.auth.existingSecret=a,mlflow.enabled=false,grafana.sidecar.enabled=true"],
            "grafana.sidecar.enabled: the chart does not know the reader's password",
        ),
        (
            "sentiment-predictor",
            ["--set=mode=deployment,model.uri=s3://a/b"],
            "model.uri: s3://a/b is fetched by KServe, which mode deployment does without",
        ),
        (
            "sentiment-predictor",
            ["--set=mode=kserve,spool.persistence.enabled=true"],
            "spool.persistence.enabled: KServe gives no pod a volume of its own; set mode to deployment",
        ),
        ("sentiment-predictor", ["--set=model.name=a b"], "at '/model/name'"),
    ],
)
def test_wrong_values_are_refused_with_their_path_and_the_fix(
    chart: str, arguments: list[str], sentence: str, helm: Helm
) -> None:
    assert sentence in helm.refusal(chart, *arguments)


@pytest.mark.parametrize(
    "chart", ["modelmonitor", "monitoring-stack", "sentiment-predictor", "modelmonitor-stack"]
)
def test_helm_lint_finds_nothing(chart: str, helm: Helm) -> None:
    done = helm.run("lint", "--strict", "--kube-version", "1.34.0", str(CHARTS / chart))
    assert done.returncode == 0, done.stdout


def test_a_release_fits_its_secret(helm: Helm) -> None:

    done = helm.run("template", "mm", str(CHARTS / "modelmonitor-stack"), "--kube-version", "1.34.0")
    files = [
        path.read_bytes()
        for path in CHARTS.rglob("*")
        if path.is_file() and "modelmonitor-stack" not in path.parts
    ]
    # Helm keeps manifests and chart, packed, as base64 in one Secret of 1 MiB at most.
    packed = len(gzip.compress(done.stdout.encode() + b"".join(files))) * 4 / 3 * 4 / 3
    assert packed < 512 * 1024
