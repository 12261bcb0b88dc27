"""A real Prometheus, to which a test does what Prometheus Operator would do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor.local.ports import free_port
from tests.dashboards.conftest import _running, prometheus_program

__all__ = ["Prometheus", "prometheus", "prometheus_program"]


class Prometheus:
    """A Prometheus without Prometheus Operator: the test does what that would do."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder

    def configure(self, *, namespace: str, target: str | None = None, rules: dict[str, Any] | None) -> None:
        """Scrape a target as the PodMonitor says, and evaluate the rules of a PrometheusRule."""
        labels = {"namespace": namespace, "modelmonitor": "sentiment"}
        targets = [{"targets": [target], "labels": labels}] if target else []
        (self._folder / "rules.json").write_text(json.dumps(rules or {"groups": []}))
        config = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(self._folder / "rules.json")],
            "scrape_configs": [{"job_name": "model", "static_configs": targets}],
        }
        (self._folder / "prometheus.json").write_text(json.dumps(config))

    def reload(self) -> None:
        httpx.post(f"{self.url}/-/reload", trust_env=False).raise_for_status()

    def is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", trust_env=False).is_success
        except httpx.HTTPError:
            return False


@pytest.fixture
def prometheus(namespace: Any, prometheus_program: Path, tmp_path: Path) -> Iterator[Prometheus]:
    folder = tmp_path / "prometheus"
    folder.mkdir()
    server = Prometheus(folder, free_port(0).number)
    server.configure(namespace=namespace.name, rules=None)
    command = [
        str(prometheus_program),
        f"--config.file={folder / 'prometheus.json'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={server.url.removeprefix('http://')}",
        "--web.enable-lifecycle",
    ]
    with _running(command, log=folder / "log"):
        namespace.wait(server.is_ready, why="Prometheus starts")
        yield server
