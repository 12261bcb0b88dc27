"""Our predictor behind KServe's logger: what it logs and what the collector sees are one row each."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor.store.connection import connect

pytestmark = pytest.mark.timeout(900)

TEXTS = ["this is amazing !", "terrible film"]
REQUESTS = {
    "/v1/models/sentiment:predict": {"instances": TEXTS},
    "/v2/models/sentiment/infer": {
        "inputs": [{"name": "text", "shape": [2], "datatype": "BYTES", "data": TEXTS}]
    },
}


@pytest.fixture
def collector_url(database_url: str, tmp_path: Path) -> Iterator[str]:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = {
        "MM_COLLECTOR_HOST": "127.0.0.1",
        "MM_COLLECTOR_PORT": str(port),
        "MM_COLLECTOR_SPOOL_DIR": str(tmp_path / "collector"),
        "MM_COLLECTOR_DATABASE_URL": database_url,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "model_server.collector"], env={**os.environ, **settings}
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz")
            break
        except httpx.TransportError:
            time.sleep(0.1)
    yield url
    process.terminate()
    process.wait(30)


def logged(collector: str, reply: httpx.Response, *, event_id: str) -> None:
    """What KServe's agent sends of an inference."""
    for kind, body in (("request", reply.request.content), ("response", reply.content)):
        headers = {
            "content-type": "application/json",
            "ce-specversion": "1.0",
            "ce-id": event_id,
            "ce-type": f"org.kubeflow.serving.inference.{kind}",
            "ce-source": "sentiment-predictor-6c7d",
            "ce-inferenceservicename": "sentiment",
            "ce-namespace": "ml",
        }
        assert httpx.post(collector, headers=headers, content=body).status_code == 200


def rows_of(database_url: str) -> list[tuple[Any, ...]]:
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT input_text, source, embedding IS NOT NULL FROM prediction_logs ORDER BY 2, 1")
        return cursor.fetchall()


def joined(database_url: str, pairs: int) -> bool:
    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM event_pairs")
        return cursor.fetchone() == (pairs,)


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_each_text_is_one_row_with_its_embedding_whichever_came_first(
    start_server: Any, database_url: str, collector_url: str, tmp_path: Path, rows_in: Any
) -> None:
    waiting = start_server(spool_dir=tmp_path / "spool")
    with waiting.client() as client:
        first = [client.post(path, json=body) for path, body in REQUESTS.items()]
    for reply in first:
        logged(collector_url, reply, event_id=uuid.uuid4().hex)
    wait_until(lambda: joined(database_url, 2))
    assert rows_of(database_url) == [(text, "cloudevent", False) for text in sorted(TEXTS * 2)]
    waiting.kill()

    # It has the rows on disk, and writes them once it has a database.
    server = start_server(spool_dir=tmp_path / "spool", database_url=database_url)
    with server.client() as client:
        later = [client.post(path, json=body) for path, body in REQUESTS.items()]
    ids = [each["prediction_id"] for each in later[0].json()["predictions"]]
    rows_in(database_url, ids)
    for reply in later:
        logged(collector_url, reply, event_id=uuid.uuid4().hex)
    wait_until(lambda: joined(database_url, 4))

    expected = [(text, source, True) for source in ("v1", "v2") for text in sorted(TEXTS * 2)]
    wait_until(lambda: rows_of(database_url) == expected)


def test_a_predictor_that_logs_nothing_has_the_collectors_rows_under_its_own_ids(
    start_server: Any, database_url: str, collector_url: str
) -> None:
    with start_server(log="off").client() as client:
        reply = client.post("/v1/models/sentiment:predict", json={"instances": TEXTS})
    logged(collector_url, reply, event_id="1")
    wait_until(lambda: joined(database_url, 1))

    with closing(connect(database_url, application_name="tests")) as conn, conn.cursor() as cursor:
        cursor.execute("SELECT prediction_id::text FROM prediction_logs ORDER BY input_text DESC")
        assert [row[0] for row in cursor] == [each["prediction_id"] for each in reply.json()["predictions"]]
