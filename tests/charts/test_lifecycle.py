"""Install, upgrade, roll back, uninstall with Helm against a real API server: what must stay stays."""

from __future__ import annotations

from base64 import b64decode
from pathlib import Path

from tests.charts.conftest import CHARTS, CRDS, Helm, Server

STACK = str(CHARTS / "modelmonitor-stack")
# As it was released; with each release it becomes that one.
PREVIOUS = str(Path(__file__).parent / "previous/modelmonitor-stack-0.1.0.tgz")
CRD = f"{CRDS}/modelmonitors.modelmonitor.io"


def do(helm: Helm, *arguments: str) -> str:
    done = helm.run(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def secret(server: Server, space: str, name: str) -> dict[str, str]:
    found = server.get(f"/api/v1/namespaces/{space}/secrets/{name}")
    assert found is not None, name
    return {key: b64decode(value).decode() for key, value in found["data"].items()}


NAMES = (
    "modelmonitor-postgresql",
    "modelmonitor-database",
    "modelmonitor-collector-token",
    "modelmonitor-grafana",
)


def test_a_release_lives_and_dies(installed: tuple[Helm, str], server: Server) -> None:
    helm, space = installed
    notes = do(helm, "install", "mm", STACK, "-n", space)
    first = {name: secret(server, space, name) for name in NAMES}
    of_mlflow = secret(server, space, "modelmonitor-mlflow-database")["uri"]

    upgraded = do(helm, "upgrade", "mm", STACK, "-n", space, "--set", "modelmonitor.collector.replicas=2")
    after_upgrade = {name: secret(server, space, name) for name in NAMES}
    collector = f"/apis/apps/v1/namespaces/{space}/statefulsets/modelmonitor-collector"
    replicas = server.get(collector)["spec"]["replicas"]

    do(helm, "rollback", "mm", "1", "-n", space)
    after_rollback = {name: secret(server, space, name) for name in NAMES}

    do(helm, "uninstall", "mm", "-n", space)
    passwords = secret(server, space, "modelmonitor-postgresql")
    crd = server.get(CRD)
    gone = server.get(collector)

    do(helm, "install", "mm", STACK, "-n", space)
    again = secret(server, space, "modelmonitor-postgresql")
    do(helm, "uninstall", "mm", "-n", space)

    assert "kubectl -n" in notes
    assert "MISSING: Secret" not in upgraded
    assert first == after_upgrade == after_rollback
    assert replicas == 2
    assert passwords == again == first["modelmonitor-postgresql"]
    assert crd is not None
    assert gone is None
    # The driver that MLflow's image has, whatever SQLAlchemy's default is.
    assert of_mlflow.startswith("postgresql+psycopg2://mlflow:")
    assert first["modelmonitor-database"]["url"] == (
        f"postgresql://modelmonitor:{passwords['owner-password']}"
        f"@modelmonitor-postgresql.{space}.svc:5432/modelmonitor"
    )


def test_an_upgrade_from_the_previous_version_keeps_the_data(
    installed: tuple[Helm, str], server: Server
) -> None:
    helm, space = installed
    stateful = [
        f"/apis/apps/v1/namespaces/{space}/statefulsets/modelmonitor-{name}"
        for name in ("postgresql", "collector")
    ]
    do(helm, "install", "mm", PREVIOUS, "-n", space)
    first = {name: secret(server, space, name) for name in NAMES}
    claims = [server.get(each)["spec"]["volumeClaimTemplates"] for each in stateful]
    do(helm, "upgrade", "mm", STACK, "-n", space)
    assert {name: secret(server, space, name) for name in NAMES} == first
    assert [server.get(each)["spec"]["volumeClaimTemplates"] for each in stateful] == claims
    assert server.get(f"/api/v1/namespaces/{space}/persistentvolumeclaims/modelmonitor-mlflow") is not None
    do(helm, "rollback", "mm", "1", "-n", space)
    assert {name: secret(server, space, name) for name in NAMES} == first


def test_an_upgrade_without_the_passwords_is_refused(installed: tuple[Helm, str], server: Server) -> None:
    helm, space = installed
    chart = str(CHARTS / "monitoring-stack")
    do(helm, "install", "mm", chart, "-n", space, "--set", "fullnameOverride=stack")
    server.http.delete(f"/api/v1/namespaces/{space}/secrets/stack-postgresql").raise_for_status()
    done = helm.run("upgrade", "mm", chart, "-n", space, "--set", "fullnameOverride=stack")
    assert done.returncode != 0
    assert f"Secret {space}/stack-postgresql with the passwords is gone" in done.stderr


def test_the_crd_is_upgraded_with_the_chart(installed: tuple[Helm, str], server: Server) -> None:
    helm, space = installed
    chart = str(CHARTS / "modelmonitor")
    do(helm, "install", "mm", chart, "-n", space)
    edited = server.get(CRD)
    edited["spec"]["versions"][0]["additionalPrinterColumns"] = []
    server.http.put(CRD, json=edited).raise_for_status()
    do(helm, "upgrade", "mm", chart, "-n", space)
    assert server.get(CRD)["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    do(helm, "uninstall", "mm", "-n", space)
    assert server.get(CRD) is not None


def test_what_is_missing_is_said(installed: tuple[Helm, str]) -> None:
    helm, space = installed
    notes = do(helm, "install", "mm", str(CHARTS / "modelmonitor"), "-n", space)
    assert "MISSING: Secret modelmonitor-database with key url" in notes
    assert "create secret generic modelmonitor-database" in notes
