"""A real Prometheus that is told of traffic by OTLP: scraping would need a day for a day's traffic."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor import metrics
from modelmonitor.local.ports import free_port
from tests.dashboards.conftest import _running, prometheus_program

__all__ = ["prometheus_program"]

_HALF_AN_HOUR_S = 1800
_SAMPLES = 60
_START_LIMIT_S = 30.0
# Samples of the past, also of a second series after those of a first.
_CONFIGURATION = "storage: {tsdb: {out_of_order_time_window: 2d}}\n"


@dataclass(frozen=True)
class ToldPrometheus:
    """A running Prometheus."""

    url: str

    def tell_of_traffic(self, *, namespace: str, monitor: str, half_hourly: int) -> None:
        """For the last 30 hours a model made this many predictions every half hour."""
        answer = httpx.post(
            f"{self.url}/api/v1/otlp/v1/metrics",
            json=_counter({"namespace": namespace, "modelmonitor": monitor}, half_hourly=half_hourly),
            trust_env=False,
        )
        assert answer.is_success, answer.text

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def told_prometheus(program: Path, folder: Path) -> Iterator[ToldPrometheus]:
    """A Prometheus that runs until the end of the block."""
    (folder / "prometheus.yaml").write_text(_CONFIGURATION)
    server = ToldPrometheus(f"http://127.0.0.1:{free_port(0).number}")
    command = [
        str(program),
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={server.url.removeprefix('http://')}",
        "--web.enable-otlp-receiver",
    ]
    with _running(command, log=folder / "log"):
        deadline = time.monotonic() + _START_LIMIT_S
        while not server.is_ready():
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.1)
        yield server


@pytest.fixture(scope="module")
def prometheus(
    prometheus_program: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ToldPrometheus]:
    """A Prometheus that knows the traffic that it is told of."""
    with told_prometheus(prometheus_program, tmp_path_factory.mktemp("prometheus")) as server:
        yield server


def _counter(labels: dict[str, str], *, half_hourly: int) -> dict[str, Any]:
    begun = int(time.time()) - _SAMPLES * _HALF_AN_HOUR_S
    attributes = [{"key": name, "value": {"stringValue": value}} for name, value in labels.items()]
    points = [
        {
            "timeUnixNano": f"{begun + number * _HALF_AN_HOUR_S}000000000",
            # The model made predictions before, so that the first sample is no increase from 0.
            "asInt": str((1000 + number) * half_hourly),
            "attributes": attributes,
        }
        for number in range(_SAMPLES + 1)
    ]
    cumulative = {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": points}
    counter = {"name": metrics.PREDICTIONS.name, "sum": cumulative}
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [counter]}]}]}
