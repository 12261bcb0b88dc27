from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from controller.handlers.cache import MonitorCache

Start = Callable[..., Any]


def wait_settled(namespace: Any, *, monitor: str = "sentiment") -> dict[str, str]:
    namespace.wait_for_condition(monitor, "Ready", "True")
    before: dict[str, str] = {}
    for _ in range(60):
        current = namespace.versions()
        if current == before:
            return current
        before = current
        time.sleep(1)
    pytest.fail("the operator does not settle")


def test_a_restart_with_nothing_changed_writes_nothing(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    monitor["spec"]["job"] = {
        "resources": {
            "requests": {"cpu": "0.5", "memory": "1024Mi"},
            "limits": {"cpu": 2, "memory": "1.5Gi"},
        },
        "tolerations": [{"key": "gpu", "operator": "Exists"}],
        "nodeSelector": {"disk": "fast"},
    }
    monitor["spec"]["alerts"] = {"notify": {"webhook": {"secretName": "pager"}}}
    first = start_operator()
    namespace.create("ModelMonitor", monitor)
    before = wait_settled(namespace)
    first.stop()

    second = start_operator()
    namespace.wait(lambda: second.reconciles() >= 1, why="the monitor is looked at")
    time.sleep(2)

    assert second.writes() == 0
    assert namespace.versions() == before


def test_prometheus_operator_may_come_later(
    namespace: Any,
    start_operator: Start,
    monitor: dict[str, Any],
    no_prometheus_operator: None,
    monitoring_crds: dict[str, str],
    install: Any,
) -> None:
    start_operator(namespaces=())
    namespace.create("ModelMonitor", monitor)

    namespace.wait_for_condition("sentiment", "Ready", "True")
    rules = namespace.condition("sentiment", "RulesLoaded")
    assert (rules["status"], rules["reason"]) == ("False", "PrometheusRuleCRDMissing")
    assert namespace.find("CronJob", "sentiment-data") is not None

    for served, crd in monitoring_crds.items():
        install(crd, served=served)

    namespace.wait(lambda: namespace.find("PrometheusRule", "modelmonitor-sentiment"), why="the rules come")
    namespace.wait(lambda: namespace.find("PodMonitor", "modelmonitor-sentiment"), why="the PodMonitor comes")


def test_an_object_of_somebody_else_is_left_alone(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], prometheus_operator: None
) -> None:
    pod = {"restartPolicy": "Never", "containers": [{"name": "theirs", "image": "theirs"}]}
    theirs = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "sentiment-data"},
        "spec": {"schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}},
    }
    created = namespace.create("CronJob", theirs)
    start_operator()
    namespace.create("ModelMonitor", monitor)

    condition = namespace.wait_for_condition("sentiment", "Ready", "False")

    assert condition["reason"] == "ApplyFailed"
    assert "CronJob sentiment-data: An object of that name is there" in condition["message"]
    assert (
        namespace.get("CronJob", "sentiment-data")["metadata"]["resourceVersion"]
        == created["metadata"]["resourceVersion"]
    )
    assert namespace.find("CronJob", "sentiment-concept") is not None

    namespace.delete("CronJob", "sentiment-data")

    namespace.wait_for_condition("sentiment", "Ready", "True")


def test_an_operator_that_is_killed_at_work_is_finished_by_the_next(
    namespace: Any,
    kubeconfig: Path,
    monitor: dict[str, Any],
    prometheus_operator: None,
    tmp_path: Path,
    run_process: Any,
) -> None:
    names = [f"model-{number}" for number in range(20)]
    for name in names:
        namespace.create("ModelMonitor", {**monitor, "metadata": {"name": name}})
    with run_process(kubeconfig, namespace.name, tmp_path / "first.log") as first:
        namespace.wait(lambda: namespace.list("ConfigMap"), why="the first object comes")
        first.kill()
        first.wait()
    assert any("status" not in each for each in namespace.list("ModelMonitor"))

    with run_process(kubeconfig, namespace.name, tmp_path / "second.log"):
        for name in names:
            namespace.wait_for_condition(name, "Ready", "True")

    found = [child for name in names for child in namespace.get("ModelMonitor", name)["status"]["children"]]
    assert all(namespace.find(child["kind"], child["name"]) for child in found)


def test_it_stops_gracefully_and_logs_one_line_a_reconcile(
    namespace: Any,
    kubeconfig: Path,
    monitor: dict[str, Any],
    prometheus_operator: None,
    tmp_path: Path,
    run_process: Any,
) -> None:
    import json

    namespace.create("ModelMonitor", monitor)
    log = tmp_path / "operator.log"
    with run_process(kubeconfig, namespace.name, log) as operator:
        namespace.wait_for_condition("sentiment", "Ready", "True")
        operator.terminate()

        assert operator.wait(timeout=20) == 0

    lines = [json.loads(line) for line in log.read_text().splitlines()]
    first = next(line for line in lines if line["event"] == "reconciled")
    assert first["monitor"] == f"{namespace.name}/sentiment"
    assert first["level"] == "info"
    assert "CronJob/sentiment-data" in first["written"]
    assert lines[-1]["event"] == "stopped"


def test_a_cut_connection_heals(
    namespace: Any,
    start_operator: Start,
    monitor: dict[str, Any],
    kubeconfig: Path,
    prometheus_operator: None,
    wire: Wire,
    point_at: Any,
) -> None:
    point_at(kubeconfig, server=f"https://127.0.0.1:{wire.port}")
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")

    wire.cut()
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"job": {"backoffLimit": 5}}})
    time.sleep(2)
    assert operator.healthz() == 200
    wire.mend()

    namespace.wait(
        lambda: (
            namespace.get("CronJob", "sentiment-data")["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 5
        ),
        why="the change arrives",
    )


def test_an_outage_of_any_length_is_waited_out(
    namespace: Any,
    start_operator: Start,
    monitor: dict[str, Any],
    kubeconfig: Path,
    prometheus_operator: None,
    wire: Wire,
    point_at: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # With pauses so short the outage is as many attempts long as hours are with the real ones.
    monkeypatch.setattr("controller.handlers.kopf_setup._FIRST_PAUSES_S", (0.01,))
    monkeypatch.setattr("controller.handlers.kopf_setup._LONGEST_PAUSE_S", 0.02)
    point_at(kubeconfig, server=f"https://127.0.0.1:{wire.port}")
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")

    wire.cut()
    time.sleep(3)
    assert operator.healthz() == 200
    assert "modelmonitor_condition{" in operator.metrics()
    wire.mend()

    namespace.patch("ModelMonitor", "sentiment", {"spec": {"suspend": True}})
    namespace.wait(lambda: namespace.get("CronJob", "sentiment-data")["spec"]["suspend"], why="it goes on")


def test_it_is_not_alive_when_its_watch_is_dead(
    namespace: Any, start_operator: Start, monitor: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = start_operator(pulse_s=0.3)
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    time.sleep(1)
    assert operator.healthz() == 200

    monkeypatch.setattr(MonitorCache, "put", lambda *_: False)
    namespace.patch("ModelMonitor", "sentiment", {"spec": {"retention": "30d"}})

    namespace.wait(lambda: operator.healthz() == 503, why="the dead watch is noticed")


class Wire:
    """A TCP connection to the API server that can be cut."""

    def __init__(self, target: tuple[str, int]) -> None:
        self._target = target
        self._whole = True
        self._open: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        self._whole = False
        for each in self._open:
            shut(each)
        self._open.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if not self._whole:
                near.close()
                continue
            far = socket.create_connection(self._target)
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    @staticmethod
    def _copy(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            return
        finally:
            shut(source)
            shut(sink)


def shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # the other side was first


@pytest.fixture
def wire(http: Any) -> Iterator[Wire]:
    between = Wire((http.base_url.host, http.base_url.port))
    yield between
    between.close()
