"""Commands on a cluster over real HTTP: what they ask of an API server, and what they make of its answers."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.cli.approve import waiting_trigger
from modelmonitor.cli.errors import NotFound

WAITS = {
    "type": "RetrainTriggered",
    "status": "False",
    "reason": "AwaitingApproval",
    "message": "Trigger a1b2 (low-confidence) waits for approval: kubectl -n ml annotate --overwrite "
    "modelmonitor sentiment modelmonitor.io/approve-retrain=a1b2",
    "lastTransitionTime": "2026-11-20T02:27:00Z",
}
MONITOR = {
    "apiVersion": "modelmonitor.io/v1alpha1",
    "kind": "ModelMonitor",
    "metadata": {"name": "sentiment", "namespace": "ml"},
    "spec": {"target": {"inferenceService": "sentiment"}, "reference": {"dataset": "reviews"}},
    "status": {
        "modelVersion": "7",
        "conditions": [WAITS],
        "checks": [
            {
                "name": "data",
                "type": "data",
                "verdict": "Drift",
                "severity": "warning",
                "pValue": "0.004",
                "threshold": "0.01",
                "rows": 4812,
            }
        ],
    },
}
PATH = "/apis/modelmonitor.io/v1alpha1/namespaces/ml/modelmonitors"


@dataclass
class Server:
    """Answers as an API server does for one list, and keeps what it is told to change."""

    kubeconfig: Path
    monitors: list[dict[str, Any]] = field(default_factory=lambda: [MONITOR])
    status: int = 200
    changed: list[tuple[str, Any]] = field(default_factory=list)

    def answer(self, path: str, body: Any) -> tuple[int, dict[str, Any]]:
        if body is not None:
            self.changed.append((path, body))
            return 200, MONITOR
        if self.status != 200:
            return self.status, {"kind": "Status", "message": "modelmonitors is forbidden: no such right"}
        return (200, {"items": self.monitors}) if path == PATH else (404, {"message": "absent"})


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "kubeconfig")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            status, content = server.answer(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(content).encode())

        do_PATCH = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{http.server_port}"}}],
            "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", "namespace": "ml"}}],
            "users": [{"name": "u", "user": {}}],
        }
        server.kubeconfig.write_text(json.dumps(config))
        yield server
        http.shutdown()


def run(cluster: Server, *arguments: str) -> tuple[int, str, str]:
    code = "from modelmonitor.cli.main import main; main()"
    command = [sys.executable, "-c", code, *arguments, "--kubeconfig", str(cluster.kubeconfig)]
    finished = subprocess.run([*command, "--timeout", "20"], capture_output=True, text=True, timeout=100)
    assert "Traceback" not in finished.stderr, finished.stderr
    return finished.returncode, finished.stdout, finished.stderr


def test_the_status_of_a_cluster_is_read_from_its_monitors(cluster):
    code, out, _ = run(cluster, "status", "-o", "json")

    (item,) = json.loads(out)["items"]
    assert (code, item["namespace"], item["name"], item["version"]) == (0, "ml", "sentiment", "7")
    assert (item["checks"][0]["pValue"], item["state"]) == (0.004, "Warning")
    assert {each["check"] for each in item["nextRuns"]} == {"data", "concept", "performance"}


def test_approve_sets_the_annotation_that_the_operator_waits_for(cluster):
    code, out, _ = run(cluster, "approve", "sentiment", "-n", "ml")

    assert (code, out) == (0, "approved trigger a1b2 of ml/sentiment; the training starts now\n")
    assert cluster.changed == [
        (f"{PATH}/sentiment", {"metadata": {"annotations": {"modelmonitor.io/approve-retrain": "a1b2"}}})
    ]


def test_another_trigger_than_the_one_looked_at_is_not_approved(cluster):
    code, _, err = run(cluster, "approve", "--trigger", "old")

    assert (code, cluster.changed) == (2, [])
    assert "sentiment waits with trigger a1b2, not old" in err


def test_a_missing_right_and_an_unknown_name_are_sentences(cluster):
    unknown = run(cluster, "status", "other")
    cluster.status = 403
    refused = run(cluster, "status")

    assert unknown[0] == 5
    assert "there is no ModelMonitor other in this namespace (there are: ml/sentiment)" in unknown[2]
    assert refused[0] == 3
    assert "modelmonitors is forbidden: no such right; ask for the right to read" in refused[2]


def test_nothing_to_approve_is_said_with_what_is_known():
    started = {
        **MONITOR,
        "status": {"conditions": [{**WAITS, "reason": "TrainingStarted", "message": "Runs."}]},
    }

    with pytest.raises(NotFound, match=r"no training of sentiment waits .*TrainingStarted: Runs\."):
        waiting_trigger(started)
