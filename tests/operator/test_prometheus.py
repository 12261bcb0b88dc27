"""RulesLoaded and TargetReachable, proved by a real Prometheus that gets the operator's own rules."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modelmonitor.local.ports import free_port
from tests.dashboards.conftest import _running, prometheus_program
from tests.dashboards.filling import ServedPages

__all__ = ["prometheus_program"]


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


def pod() -> dict[str, Any]:
    container = {"name": "model", "image": "model", "ports": [{"containerPort": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "sentiment-1", "labels": {"app": "sentiment"}},
        "spec": {"containers": [container]},
    }


def reason(namespace: Any, kind: str) -> tuple[str, str]:
    condition = namespace.condition("sentiment", kind)
    return condition.get("status", ""), condition.get("reason", "")


def test_rules_and_target_are_believed_when_prometheus_has_them(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    prometheus: Prometheus,
) -> None:
    namespace.create("Pod", pod())
    asking = {"prometheus_url": prometheus.url, "survey_s": 0.5, "recheck_s": 3600}
    first = start_operator(**asking)
    namespace.create("ModelMonitor", monitor)
    namespace.wait(lambda: reason(namespace, "RulesLoaded") == ("False", "RulesRejected"), why="not loaded")
    assert "has not loaded" in namespace.condition("sentiment", "RulesLoaded")["message"]
    assert reason(namespace, "TargetReachable") == ("False", "ScrapeFailed")

    rules = namespace.get("PrometheusRule", "modelmonitor-sentiment")["spec"]
    page = b'model_info{model_name="sentiment",version="7"} 1\n'
    with ServedPages({"/metrics": lambda: page}) as model:
        prometheus.configure(namespace=namespace.name, target=model.address, rules=rules)
        prometheus.reload()

        namespace.wait(lambda: reason(namespace, "RulesLoaded") == ("True", "RulesApplied"), why="loaded")
        namespace.wait(
            lambda: reason(namespace, "TargetReachable") == ("True", "ScrapeSucceeded"), why="reached"
        )
        namespace.wait(
            lambda: namespace.get("ModelMonitor", "sentiment")["status"].get("modelVersion") == "7",
            why="its version is told",
        )

        first.stop()
        second = start_operator(**asking)
        namespace.wait(lambda: second.reconciles() >= 1, why="the monitor is looked at")
        assert second.writes() == 0

    namespace.wait(lambda: reason(namespace, "TargetReachable") == ("False", "ScrapeFailed"), why="down")
