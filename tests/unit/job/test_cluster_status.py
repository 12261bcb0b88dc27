"""The result of a run as a server-side apply, and what is done about each answer of the API server."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import certifi
import pytest

from modelmonitor.api.field_managers import job_manager
from modelmonitor.api.status import CheckStatus
from modelmonitor.job.cluster_status import (
    ApiServer,
    ApiServerUnreachable,
    MonitorAddress,
    StatusRefused,
    status_manifest,
    write_status,
)
from modelmonitor.job.errors import NotInACluster
from modelmonitor.job.settings import JobSettings

MONITOR = MonitorAddress("ml", "sentiment")
DATA = CheckStatus(
    name="data", type="data", verdict="NoDrift", last_run_time=datetime(2026, 3, 4, tzinfo=UTC)
)
CONCEPT = CheckStatus(name="concept", type="concept", verdict="Drift", severity="critical")


@dataclass
class Scripted:
    """A server that gives prepared answers, the last one for ever, and keeps what it was sent."""

    answers: list[tuple[int, dict[str, Any], dict[str, str]]]
    sent: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    running: list[ThreadingHTTPServer] = []

    def start(*answers: tuple[int, dict[str, Any], dict[str, str]]) -> Scripted:
        script = Scripted(list(answers))

        class Handler(BaseHTTPRequestHandler):
            def do_PATCH(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                script.sent.append((self.path, self.headers["Authorization"], body))
                code, said, headers = script.answers.pop(0) if len(script.answers) > 1 else script.answers[0]
                self.send_response(code)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(json.dumps(said).encode())

            def log_message(self, *_: object) -> None:
                """Keeps the output of the tests clean."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        running.append(server)
        script.url = f"http://127.0.0.1:{server.server_port}"
        return script

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def account(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("token-1\n")
    shutil.copy(certifi.where(), tmp_path / "ca.crt")
    return tmp_path


def answer(code: int, message: str = "", **headers: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    return code, {"message": message}, headers


def test_the_manifest_has_the_entry_of_one_check_and_nothing_that_is_the_operators() -> None:
    assert status_manifest(MONITOR, DATA) == {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "metadata": {"name": "sentiment", "namespace": "ml"},
        "status": {
            "checks": [
                {
                    "name": "data",
                    "type": "data",
                    "verdict": "NoDrift",
                    "lastRunTime": "2026-03-04T00:00:00Z",
                }
            ]
        },
    }


def test_a_field_manager_of_the_longest_check_name_is_short_enough() -> None:
    assert len(job_manager("c" * 63)) <= 128


def test_each_check_is_applied_by_its_own_manager(scripted: Any, account: Path) -> None:
    server = scripted(answer(200))

    assert write_status([DATA, CONCEPT], monitor=MONITOR, server=ApiServer(server.url, account))

    path = "/apis/modelmonitor.io/v1alpha1/namespaces/ml/modelmonitors/sentiment/status"
    assert server.sent == [
        (f"{path}?fieldManager=modelmonitor-job-{each.name}&force=true", "Bearer token-1", manifest)
        for each, manifest in ((each, status_manifest(MONITOR, each)) for each in (DATA, CONCEPT))
    ]


def test_a_token_that_is_replaced_between_two_attempts_is_read_again(scripted: Any, account: Path) -> None:
    server = scripted(answer(401, "Unauthorized"), answer(200))

    def replaced(_: float) -> None:
        (account / "token").write_text("token-2")

    assert write_status([DATA], monitor=MONITOR, server=ApiServer(server.url, account), pause=replaced)
    assert [sent[1] for sent in server.sent] == ["Bearer token-1", "Bearer token-2"]


def test_it_waits_longer_each_time_or_as_long_as_asked_but_not_for_ever(scripted: Any, account: Path) -> None:
    server = scripted(
        answer(429, "too many", **{"Retry-After": "3"}),
        answer(503, "later"),
        answer(409, "changed"),
        answer(500, "oops", **{"Retry-After": "9999"}),
        answer(200),
    )
    waited: list[float] = []

    assert write_status([DATA], monitor=MONITOR, server=ApiServer(server.url, account), pause=waited.append)
    assert waited == [3.0, 1.0, 2.0, 10.0]


def test_a_server_that_stays_busy_is_given_up_with_its_last_words(scripted: Any, account: Path) -> None:
    server = scripted(answer(503, "etcd is away"))

    with pytest.raises(ApiServerUnreachable) as caught:
        write_status([DATA], monitor=MONITOR, server=ApiServer(server.url, account), pause=lambda _: None)

    assert str(caught.value) == (
        f"The status of ml/sentiment was not written: the API server at {server.url} gave no better "
        "answer in 5 attempts than: etcd is away."
    )
    assert len(server.sent) == 5


@pytest.mark.parametrize("code", [400, 403, 405, 422])
def test_what_repeating_would_not_help_is_sent_once(code: int, scripted: Any, account: Path) -> None:
    server = scripted(answer(code, "no"))

    with pytest.raises(StatusRefused, match=r"The status of ml/sentiment was not written: .*no"):
        write_status([DATA], monitor=MONITOR, server=ApiServer(server.url, account))

    assert len(server.sent) == 1


def test_a_pod_without_a_token_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(StatusRefused, match="automountServiceAccountToken"):
        write_status([DATA], monitor=MONITOR, server=ApiServer("https://127.0.0.1:1", tmp_path))


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MM_JOB_MONITOR", "monitor.yaml")
    monkeypatch.setenv("MM_JOB_DATABASE_URL", "postgresql://u:p@h/d")
    return monkeypatch


def test_without_the_setting_no_status_is_written(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    assert JobSettings().status_of is None


@pytest.mark.parametrize(("host", "written"), [("10.96.0.1", "10.96.0.1"), ("fd00::1", "[fd00::1]")])
def test_in_a_pod_the_api_server_is_where_kubelet_says(
    host: str, written: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("MM_JOB_STATUS", "ml/sentiment")
    environment.setenv("KUBERNETES_SERVICE_HOST", host)
    environment.setenv("KUBERNETES_SERVICE_PORT", "6443")

    assert JobSettings().status_of == (
        MONITOR,
        ApiServer(f"https://{written}:6443", Path("/var/run/secrets/kubernetes.io/serviceaccount")),
    )


def test_a_status_outside_of_a_cluster_is_refused_before_the_run(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MM_JOB_STATUS", "ml/sentiment")

    with pytest.raises(NotInACluster, match="KUBERNETES_SERVICE_HOST is not set"):
        _ = JobSettings().status_of


@pytest.mark.parametrize("wrong", ["sentiment", "ml/", "/sentiment", "ml/a/b", "ml/../pods"])
def test_anything_but_namespace_and_name_is_refused(wrong: str, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MM_JOB_STATUS", wrong)

    with pytest.raises(ValueError, match="status"):
        JobSettings()
