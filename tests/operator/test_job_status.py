"""The drift job as its CronJob starts it, on PostgreSQL, with the rights that the operator gave it."""

from __future__ import annotations

import copy
import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import certifi
import pytest

from modelmonitor.api.status import CheckStatus
from modelmonitor.job.cluster_status import ApiServer, MonitorAddress, StatusRefused, write_status

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/modelmonitors.modelmonitor.io"
CHECKS = [
    {"name": "data", "type": "data", "detector": {"name": "mmd", "backend": "native"}},
    {"name": "concept", "type": "concept", "detector": {"name": "chi-square", "backend": "native"}},
]


@pytest.fixture(scope="session")
def made_up() -> ModuleType:
    """The made-up service of the job's tests, with windows that end now: the operator looks at ages."""
    path = Path(__file__).parents[1] / "job/conftest.py"
    spec = importlib.util.spec_from_file_location("made_up_service", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    module.NOW = datetime.now(UTC)
    return module


@dataclass
class Pod:
    """Starts what a CronJob would start, as kubelet would: environment, mounted file and account."""

    namespace: Any
    folder: Path
    database_url: str
    certificates: str
    host: str
    port: int
    changes: dict[str, str] = field(default_factory=dict)

    def account(self, name: str = "modelmonitor-sentiment") -> None:
        """Put a fresh token of an account where the job looks for it, with the certificate."""
        path = self.namespace.path("ServiceAccount", name)
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        answer = self.namespace.http.post(f"{path}/token", json=request).raise_for_status().json()
        (self.folder / "token").write_text(answer["status"]["token"])
        (self.folder / "ca.crt").write_text(self.certificates)

    def environment(self, container: dict[str, Any]) -> dict[str, str]:
        file = self.folder / "monitor.yaml"
        file.write_text(self.namespace.get("ConfigMap", "modelmonitor-sentiment")["data"]["monitor.yaml"])
        given = {each["name"]: each["value"] for each in container["env"] if "value" in each}
        of_machine = {
            name: value for name, value in os.environ.items() if not name.startswith(("MM_", "KUBERNETES_"))
        }
        here = {
            "MM_JOB_MONITOR": str(file),
            "MM_JOB_DATABASE_URL": self.database_url,
            "MM_JOB_SERVICE_ACCOUNT": str(self.folder),
            "KUBERNETES_SERVICE_HOST": self.host,
            "KUBERNETES_SERVICE_PORT": str(self.port),
            "HOME": str(self.folder),
        }
        return {**of_machine, **given, **here, **self.changes}

    def run(self, check: str) -> subprocess.CompletedProcess[str]:
        found = self.namespace.get("CronJob", f"sentiment-{check}")
        template = found["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert template["serviceAccountName"] == "modelmonitor-sentiment"
        (container,) = template["containers"]
        assert container["command"] == ["python", "-m", "modelmonitor.job"]
        return subprocess.run(
            [sys.executable, *container["command"][1:]],
            env=self.environment(container),
            capture_output=True,
            text=True,
            timeout=100,
        )

    def results(self) -> dict[str, str]:
        """Verdict by check as people read it in the status."""
        status = self.namespace.get("ModelMonitor", "sentiment").get("status", {})
        return {each["name"]: each["verdict"] for each in status.get("checks", [])}


@pytest.fixture
def pod(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    database_url: str,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Pod:
    """A monitor that a real operator has provided with jobs, and what its pods need."""
    start_operator()
    monitor["spec"]["checks"] = CHECKS
    namespace.create("ModelMonitor", monitor)
    for kind, name in (("CronJob", "sentiment-concept"), ("RoleBinding", "modelmonitor-sentiment")):
        namespace.wait(lambda kind=kind, name=name: namespace.find(kind, name), why=f"{name} is made")
    place = urlsplit(str(namespace.http.base_url))
    # An API server signs its own certificate at its start; the tests of the CRD may have started another.
    signed = sorted(tmp_path_factory.getbasetemp().glob("api-server*/certificates/apiserver.crt"))
    certificates = "".join(path.read_text() for path in signed)
    pod = Pod(namespace, tmp_path, database_url, certificates, place.hostname, place.port)
    pod.account()
    return pod


@pytest.fixture
def drifted(database_url: str, made_up: ModuleType) -> None:
    """Reviews were the reference; now chatter comes in."""
    made_up.store_reference(database_url, made_up.draw(800, seed=1))
    made_up.log_predictions(database_url, made_up.World.tweets(end=datetime.now(UTC)))


def test_two_jobs_write_their_verdicts_and_the_operator_makes_a_condition_of_them(
    namespace: Any, pod: Pod, drifted: None
) -> None:
    first, second = pod.run("data"), pod.run("concept")

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert json.loads(second.stdout)["degraded"] == []
    assert pod.results() == {"data": "Drift", "concept": "Drift"}
    condition = namespace.wait_for_condition("sentiment", "DriftDetected", "True")
    namespace.wait(
        lambda: namespace.condition("sentiment", "DriftDetected")["reason"] == "SeveralDrifts",
        why="both are counted",
    )
    assert condition["message"]
    found = namespace.get("ModelMonitor", "sentiment")
    assert found["status"]["checks"] == [
        *json.loads(first.stdout)["checks"],
        *json.loads(second.stdout)["checks"],
    ]
    managers = {each["manager"] for each in found["metadata"]["managedFields"]}
    assert managers >= {"modelmonitor-job-data", "modelmonitor-job-concept", "modelmonitor-operator"}

    again = pod.run("data")

    assert again.returncode == 0, again.stderr
    assert pod.results() == {"data": "Drift", "concept": "Drift"}


def test_the_result_of_a_removed_check_goes_and_decides_nothing_any_more(
    namespace: Any, pod: Pod, drifted: None
) -> None:
    assert pod.run("data").returncode == 0
    namespace.wait_for_condition("sentiment", "DriftDetected", "True")

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"checks": CHECKS[1:]}})

    namespace.wait_for_condition("sentiment", "DriftDetected", "Unknown")
    namespace.wait(lambda: pod.results() == {}, why="the entry of the removed check goes")
    found = namespace.get("ModelMonitor", "sentiment")
    assert found["status"]["conditions"]
    assert "modelmonitor-job-data" not in {each["manager"] for each in found["metadata"]["managedFields"]}


def test_a_missing_right_is_named_and_the_job_does_not_look_well(
    namespace: Any, pod: Pod, drifted: None
) -> None:
    stranger = namespace.create(
        "ServiceAccount",
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "stranger"}},
    )
    pod.account(stranger["metadata"]["name"])

    done = pod.run("data")

    output = json.loads(done.stdout)
    assert done.returncode == 2, done.stderr
    assert [entry["verdict"] for entry in output["checks"]] == ["Drift"]
    (sentence,) = output["degraded"]
    assert sentence.startswith(
        f"The status of {namespace.name}/sentiment was not written: the job's service account"
    )
    assert "verb patch on modelmonitors/status of sentiment" in sentence
    assert sentence.endswith("The run is in PostgreSQL, but not in the status.")
    assert sentence in [json.loads(line)["message"] for line in done.stderr.splitlines()]
    assert pod.results() == {}


def test_an_api_server_that_is_away_ends_with_3(pod: Pod, drifted: None) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free_port = probe.getsockname()[1]
    pod.changes["KUBERNETES_SERVICE_PORT"] = str(free_port)

    done = pod.run("data")

    assert done.returncode == 3, done.stderr
    (sentence,) = json.loads(done.stdout)["degraded"]
    assert f"https://127.0.0.1:{free_port} gave no better answer in 5 attempts" in sentence


def test_a_certificate_of_somebody_else_gets_no_token(pod: Pod, drifted: None) -> None:
    (pod.folder / "ca.crt").write_text(Path(certifi.where()).read_text())

    done = pod.run("data")

    assert done.returncode == 3
    assert "CERTIFICATE_VERIFY_FAILED" in json.loads(done.stdout)["degraded"][0]


def test_a_monitor_that_was_deleted_meanwhile_is_said_and_is_no_error(
    namespace: Any, pod: Pod, drifted: None
) -> None:
    # CronJob, account and role outlive it here, as they do in a cluster until the garbage is collected.
    namespace.delete("ModelMonitor", "sentiment")

    done = pod.run("data")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["degraded"] == [
        f"The monitor {namespace.name}/sentiment was deleted meanwhile: its status was not written."
    ]


def test_the_right_of_one_monitor_is_none_on_another(
    namespace: Any, pod: Pod, monitor: dict[str, Any]
) -> None:
    namespace.create("ModelMonitor", {**monitor, "metadata": {"name": "other"}})
    server = ApiServer(f"https://{pod.host}:{pod.port}", pod.folder)

    with pytest.raises(StatusRefused, match="status of other"):
        write_status(
            [CheckStatus(name="data")], monitor=MonitorAddress(namespace.name, "other"), server=server
        )


@pytest.mark.parametrize(
    "text", ["more of 😂", "a\x85b\u2028c\ufeff\x7f"], ids=["emoji", "unseen characters"]
)
def test_a_result_may_hold_any_character_of_peoples_texts(namespace: Any, pod: Pod, text: str) -> None:
    server = ApiServer(f"https://{pod.host}:{pod.port}", pod.folder)

    write_status(
        [CheckStatus(name="data", type="data", message=text)],
        monitor=MonitorAddress(namespace.name, "sentiment"),
        server=server,
    )

    (told,) = namespace.get("ModelMonitor", "sentiment")["status"]["checks"]
    assert told["message"] == text


@pytest.fixture
def older_crd(namespace: Any, pod: Pod) -> Iterator[None]:
    """The installed CRD is of a version that did not know reports."""
    current = namespace.http.get(CRD).raise_for_status().json()
    older = copy.deepcopy(current)
    status = older["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"]
    del status["properties"]["checks"]["items"]["properties"]["report"]
    namespace.http.put(CRD, json=older).raise_for_status()
    yield
    namespace.http.patch(
        CRD,
        content=json.dumps({"spec": {"versions": current["spec"]["versions"]}}),
        headers={"Content-Type": "application/merge-patch+json"},
    ).raise_for_status()
    namespace.wait(lambda: refusal(pod) is None, why="the CRD is in force again")


def refusal(pod: Pod) -> str | None:
    """Why a result with a report is not taken; None if it is."""
    server = ApiServer(f"https://{pod.host}:{pod.port}", pod.folder)
    address = MonitorAddress(pod.namespace.name, "sentiment")
    try:
        write_status([CheckStatus(name="data", report="x")], monitor=address, server=server)
    except StatusRefused as error:
        return str(error)
    return None


def test_an_older_crd_is_named_as_what_is_to_be_installed(namespace: Any, pod: Pod, older_crd: None) -> None:
    said = namespace.wait(lambda: refusal(pod), why="the older CRD is in force")

    assert "install the CRD of the job's version" in said
    assert "report: field not declared in schema" in said
