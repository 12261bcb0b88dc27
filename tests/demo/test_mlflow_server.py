from __future__ import annotations

import socket

import httpx
import mlflow
import psutil
import pytest

from modelmonitor.local.errors import ProcessFailed
from modelmonitor.local.mlflow import MlflowPortInUse, MlflowServer
from modelmonitor.local.ports import LOOPBACK, free_port

pytestmark = pytest.mark.timeout(300)


def test_a_second_start_keeps_the_data_and_stopping_leaves_no_process(tmp_path):
    port = free_port(0).number
    with MlflowServer(tmp_path, port=port) as server:
        experiment = mlflow.MlflowClient(server.url).create_experiment("kept")
        tree = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]

    assert [
        process for process in tree if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    ] == []
    with MlflowServer(tmp_path, port=port) as server:
        assert mlflow.MlflowClient(server.url).get_experiment(experiment).name == "kept"
        assert httpx.get(server.url).text.lstrip().lower().startswith("<!doctype html>")


def test_a_port_in_use_is_said_before_anything_starts(tmp_path):
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(MlflowPortInUse, match=f"port {port} is in use by another program"):
            MlflowServer(tmp_path / "mlflow", port=port).start()

    assert not (tmp_path / "mlflow").exists()


def test_a_server_that_ends_early_shows_the_end_of_its_log(tmp_path):
    (tmp_path / "mlflow.db").write_text("this is not a database, it is a text file")

    with pytest.raises(
        ProcessFailed, match=r"(?s)MLflow server ended while starting.*file is not a database"
    ):
        MlflowServer(tmp_path, port=free_port(0).number).start()
