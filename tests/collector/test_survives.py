"""Whatever was answered 200 reaches PostgreSQL, whatever is killed, stopped or full meanwhile."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from modelmonitor.local.postgres import EmbeddedPostgres
from modelmonitor.store.schema import migrate

from .conftest import environment, event, finished, free_port, v1_reply, v1_request, wait_until

TEXTS = "SELECT input_text FROM prediction_logs"
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def own_postgres() -> Iterator[EmbeddedPostgres]:
    # Not in tmp_path: pytest closes its folder to the unprivileged user again whenever a session starts.
    with (
        TemporaryDirectory(prefix="modelmonitor-") as directory,
        EmbeddedPostgres(Path(directory), durable=False) as server,
    ):
        yield server


def test_halves_that_kill_9_came_between_are_joined_by_the_next_process(start, database_url, query):
    collector = start()
    for number in range(20):
        collector.send(event("request", str(number)), v1_request(f"text {number}"))
        if number % 5 == 0:
            collector.kill()
            collector = start(spool_dir=collector.spool)
        collector.send(event("response", str(number)), v1_reply("GOOD"))
    collector.kill()

    start(spool_dir=collector.spool, database_url=database_url)

    assert {text for (text,) in query(TEXTS, count=20)} == {f"text {number}" for number in range(20)}
    assert query("SELECT count(*) FROM event_halves") == [(0,)]


def test_kill_9_while_it_writes_to_the_database_neither_loses_nor_doubles(start, database_url, query):
    collector = start(database_url=database_url)
    sent = 0
    for _ in range(4):
        with collector.client() as http:
            for _ in range(150):
                for kind, body in (("request", v1_request(f"text {sent}")), ("response", v1_reply("GOOD"))):
                    assert http.post("/", headers=event(kind, str(sent)), content=body).status_code == 200
                sent += 1
        collector.kill()
        collector = start(database_url=database_url, spool_dir=collector.spool, sweep_interval_s=0.2)

    texts = [text for (text,) in query(TEXTS, count=sent)]
    assert sorted(texts) == sorted(f"text {number}" for number in range(sent))
    assert query("SELECT 1 FROM event_halves", count=0) == []


def test_everything_is_taken_while_postgresql_is_down_and_stored_when_it_is_back(own_postgres, start, query):
    url = own_postgres.create_database("events")
    migrate(url)
    collector = start(database_url=url)
    collector.send_pair("before", v1_request("before"), v1_reply("GOOD"))
    query(TEXTS, count=1, url=url)

    os.kill(own_postgres.pid, signal.SIGKILL)
    collector.send_pair("meanwhile", v1_request("meanwhile"), v1_reply("GOOD"))
    wait_until(lambda: collector.metrics()["modelmonitor_database_up"] == 0)
    label = {"event_id": "meanwhile", "deployment_id": "sentiment", "label": "BAD"}
    with collector.client() as http:
        assert http.post("/feedback", json=label).json() == {"labels": 1, "stored": "spooled"}
        assert http.post("/alerts", json=ALERT).json() == {"alerts": 1, "stored": "spooled"}
        assert http.get("/readyz").status_code == 200
    own_postgres.stop()
    own_postgres.start()

    assert sorted(query(TEXTS, count=2, url=url)) == [("before",), ("meanwhile",)]
    joined = "SELECT input_text, label FROM prediction_logs JOIN feedback USING (prediction_id)"
    assert query(joined, count=1, url=url) == [("meanwhile", "BAD")]
    assert query("SELECT alertname FROM monitoring_alerts", count=1, url=url) == [("ModelLatencyHigh",)]


ALERT = {
    "version": "4",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "ModelLatencyHigh", "severity": "warning"},
            "annotations": {},
            "startsAt": "2026-03-04T12:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
            "fingerprint": "c0ffee",
        }
    ],
}


def test_a_full_quota_is_answered_507_and_counted_and_ends_when_the_database_takes_the_backlog(
    start, database_url, query
):
    collector = start(spool_max_bytes=1 << 20)
    text = "x" * 19_000
    statuses = []
    while 507 not in statuses:
        answer = collector.send(event("request", str(len(statuses))), v1_request(text))
        statuses.append(answer.status_code)

    assert set(statuses) == {200, 507}
    assert answer.headers["retry-after"] == "30"
    assert answer.json() == {"error": "the collector's disk is full; send it again once PostgreSQL answers."}
    with collector.client() as http:
        assert http.get("/readyz").status_code == 503
        assert http.get("/healthz").status_code == 200
    assert collector.metrics()['api_prediction_log_dropped_total{reason="spool_full"}'] == 1
    taken = statuses.count(200)
    collector.kill()

    again = start(spool_max_bytes=1 << 20, spool_dir=collector.spool, database_url=database_url)
    assert len(query("SELECT 1 FROM event_halves", count=taken)) == taken
    wait_until(lambda: again.send(event("request", "new"), v1_request(text)).status_code == 200)


def test_a_disk_without_room_is_answered_507_and_keeps_what_was_taken(start, database_url, query, tmp_path):
    port, spool = free_port(), tmp_path / "spool"
    # The kernel refuses to let any file grow beyond this, as a full disk does.
    command = [
        "-c",
        (
            "import resource, runpy; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)); "
            "runpy.run_module('model_server.collector', run_name='__main__')"
        ),
    ]
    process = subprocess.Popen(
        [sys.executable, *command],
        env=environment(host="127.0.0.1", port=port, spool_dir=spool),
        stderr=subprocess.DEVNULL,
    )
    statuses = []
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", verify=False) as http:
            wait_until(lambda: _answers(http))
            while 507 not in statuses:
                headers = event("request", str(len(statuses)))
                statuses.append(http.post("/", headers=headers, content=v1_request("x" * 10_000)).status_code)
    finally:
        process.kill()
        process.wait()

    start(spool_dir=spool, database_url=database_url)
    taken = statuses.count(200)
    assert taken > 5
    assert len(query("SELECT 1 FROM event_halves", count=taken)) == taken


def _answers(http):
    try:
        return http.get("/healthz").status_code == 200
    except httpx.TransportError:
        return False


def test_sigterm_finishes_what_is_in_flight_writes_everything_and_ends_with_0(start, database_url, query):
    collector = start(database_url=database_url)
    host, port = collector.url.removeprefix("http://").split(":")
    body = v1_request("in flight")
    head = "".join(f"{name}: {value}\r\n" for name, value in event("request", "1").items())
    with socket.create_connection((host, int(port))) as slow:
        slow.sendall(f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n{head}\r\n".encode())
        slow.sendall(body[:5])
        time.sleep(0.3)
        ended = []
        waiter = threading.Thread(target=lambda: ended.append(collector.terminate()))
        waiter.start()
        time.sleep(0.5)
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((host, int(port)))
        slow.sendall(body[5:])
        assert slow.recv(1000).startswith(b"HTTP/1.1 200 ")
        waiter.join()

    assert ended == [0]
    assert query("SELECT event_id FROM event_halves") == [("1",)]
    assert not list(collector.spool.glob("*.spool"))


def test_a_cut_connection_leaves_nothing_half_written(collector, query):
    host, port = collector.url.removeprefix("http://").split(":")
    head = "".join(f"{name}: {value}\r\n" for name, value in event("request", "cut").items())
    with socket.create_connection((host, int(port))) as cut:
        cut.sendall(f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n{head}\r\n{{".encode())

    collector.send_pair("1", v1_request("a"), v1_reply("GOOD"))

    assert query(TEXTS, count=1) == [("a",)]
    assert query("SELECT count(*) FROM event_halves") == [(0,)]
    assert collector.metrics()['api_errors_total{endpoint="/",error_type="sender_gone"}'] == 1


def test_a_second_start_in_the_same_directory_is_refused_in_a_sentence(start):
    collector = start()

    second = finished(host="127.0.0.1", port=free_port(), spool_dir=collector.spool)

    sentence = (
        f"model_server.collector: The spool {collector.spool} is in use by process {collector.process.pid}: "
        "stop it, or give this writer its own directory.\n"
    )
    assert (second.returncode, second.stderr) == (1, sentence)


def test_a_database_that_was_never_there_costs_nothing(start):
    collector = start(database_url=NOWHERE)

    collector.send_pair("1", v1_request("a"), v1_reply("GOOD"))

    assert collector.terminate() == 0
    assert list(collector.spool.glob("*.spool"))
    assert "Traceback" not in collector.log()
