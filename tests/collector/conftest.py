"""A real collector process over a real PostgreSQL, and what tests need to send it events."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor.store.connection import connect

TOKEN = "a-token-that-is-known"
AT = "2026-03-04T12:30:00.123456789Z"
LATER = "2026-03-04T12:30:00.163456789Z"


def event(kind: str, event_id: str, **attributes: str) -> dict[str, str]:
    """Headers of a CloudEvent in binary mode, as KServe 0.20 sends them."""
    plain = {
        "specversion": "1.0",
        "id": event_id,
        "type": f"org.kubeflow.serving.inference.{kind}",
        "source": "sentiment-predictor-6c7d",
        "time": AT if kind == "request" else LATER,
        "inferenceservicename": "sentiment",
        "namespace": "ml",
        "component": "predictor",
        "endpoint": "",
    }
    return {"content-type": "application/json"} | {
        f"ce-{name}": value for name, value in (plain | attributes).items() if value
    }


def v1_request(*texts: str) -> bytes:
    return json.dumps({"instances": list(texts)}).encode()


def v1_reply(*predictions: object) -> bytes:
    return json.dumps({"predictions": list(predictions)}).encode()


def v2_tensor(name: str, datatype: str, data: list[Any], shape: list[int] | None = None) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


@dataclass
class Collector:
    """A running `python -m model_server.collector`."""

    process: subprocess.Popen[bytes]
    url: str
    stderr: Path
    spool: Path

    def client(self, **options: Any) -> httpx.Client:
        # Without the system's certificates, whose loading takes longer than any test here.
        return httpx.Client(base_url=self.url, timeout=30, **{"verify": False, **options})

    def send(self, headers: dict[str, str], body: bytes, path: str = "/") -> httpx.Response:
        with self.client() as http:
            return http.post(path, headers=headers, content=body)

    def send_pair(self, event_id: str, request: bytes, reply: bytes, **attributes: str) -> None:
        for kind, body in (("request", request), ("response", reply)):
            answer = self.send(event(kind, event_id, **attributes), body)
            assert (answer.status_code, answer.text) == (200, "{}")

    def log(self) -> str:
        return self.stderr.read_text()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def metrics(self) -> dict[str, float]:
        with self.client() as http:
            lines = http.get("/metrics").text.splitlines()
        return {
            name: float(value)
            for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
        }


Start = Callable[..., Collector]


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(**settings: object) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MM_")}
    return {**inherited, **{f"MM_COLLECTOR_{name.upper()}": str(value) for name, value in settings.items()}}


def finished(**settings: object) -> subprocess.CompletedProcess[str]:
    """Start a collector that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "model_server.collector"],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start collectors with given settings (names without prefix); they end with the test."""
    running: list[Collector] = []

    def start(*, ready: bool = True, **settings: object) -> Collector:
        port = free_port()
        chosen = {"host": "127.0.0.1", "port": port, "spool_dir": tmp_path / uuid.uuid4().hex} | settings
        stderr = tmp_path / f"{uuid.uuid4().hex}.log"
        with stderr.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", "model_server.collector"],
                env=environment(**chosen),
                stdout=stream,
                stderr=stream,
            )
        scheme = "https" if "tls_cert_file" in settings else "http"
        spool = Path(str(chosen["spool_dir"]))
        running.append(Collector(process, f"{scheme}://127.0.0.1:{port}", stderr, spool))
        if ready:
            wait_until(
                lambda: "answers at" in running[-1].log() or process.poll() is not None, stderr.read_text
            )
            assert process.poll() is None, stderr.read_text()
        return running[-1]

    yield start
    for collector in running:
        collector.kill()


def wait_until(condition: Callable[[], object], why: Callable[[], object] = str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, why()
        time.sleep(0.02)


@pytest.fixture
def collector(start: Start, database_url: str) -> Collector:
    """A collector whose database is up."""
    return start(database_url=database_url, sweep_interval_s=0.2)


Query = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def query(database_url: str) -> Query:
    """Rows of a statement, waiting until there are `count` of them."""

    def rows(statement: str, *, count: int | None = None, url: str = database_url) -> list[tuple[Any, ...]]:
        deadline = time.monotonic() + 30
        while True:
            with closing(connect(url, application_name="tests")) as conn, conn.cursor() as cursor:
                cursor.execute(statement)
                found = cursor.fetchall()
            if count is None or len(found) == count or time.monotonic() > deadline:
                return found
            time.sleep(0.05)

    return rows
