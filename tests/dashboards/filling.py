"""What Prometheus scrapes in the tests of dashboards: pages from the product's own metrics code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from prometheus_client import generate_latest
from ruamel.yaml import YAML

from controller.telemetry import Telemetry
from model_server.collector.metrics import CollectorMetrics
from model_server.metrics import ServerMetrics
from modelmonitor import metrics
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.metrics import Metric
from modelmonitor.rules import rule_groups

NAMESPACE = "ml"
MONITOR = "sentiment"
DEPLOYMENT = "sentiment"
CHECKS = {"data": "data", "performance": "performance"}


@dataclass(frozen=True)
class Gauge:
    """A value of the operator's gauges."""

    metric: Metric
    labels: tuple[str, ...]
    value: float


class ServedPages:
    """Serves metrics pages on a port of this machine until the end of the block; each scrape moves them."""

    def __init__(self, pages: Mapping[str, Callable[[], bytes]]) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages))

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def pages() -> Mapping[str, Callable[[], bytes]]:
    """The predictor's page and the operator's, from the code that makes them in an installation."""
    server, operator = ServerMetrics(), Telemetry()
    server.model_is(name="sentiment", version="3", classes=("NEGATIVE", "POSITIVE"), deployment="sentiment")
    server.loaded(yes=True)
    server.database_up(up=True)
    operator.gauges.show(f"{NAMESPACE}/{MONITOR}", gauges())

    def predictor_page() -> bytes:
        _predict(server)
        return server.page(None)[0]

    def operator_page() -> bytes:
        _reconcile(operator)
        return generate_latest(operator.registry)

    collector = CollectorMetrics()
    return {
        "/predictor": predictor_page,
        "/operator": operator_page,
        "/collector": lambda: collector.page(None)[0],
    }


def _predict(server: ServerMetrics) -> None:
    for sentiment, confidence in (("POSITIVE", 0.9), ("NEGATIVE", 0.7), ("NEGATIVE", 0.55)):
        server.request_started()
        server.predicted(sentiment, confidence=confidence, seconds=0.03)
        server.request_ended("POST", "/predict", 200)
        server.statement("copy", "prediction_logs")
    server.written(3)
    server.spooled(1024)


def _reconcile(operator: Telemetry) -> None:
    operator.watching(["sentiment"])
    operator.waiting(0)
    operator.reconciled(NAMESPACE, MONITOR, seconds=0.2, failed=False)
    operator.request_done("get", "200")


def gauges() -> list[Gauge]:
    """A monitor of which one check drifts."""
    now = datetime.now(UTC).timestamp()
    of_checks = {
        metrics.DRIFT_DETECTED: 1,
        metrics.DRIFT_SEVERITY: 2,
        metrics.DRIFT_P_VALUE: 0.001,
        metrics.DRIFT_THRESHOLD: 0.004,
        metrics.WINDOW_ROWS: 500,
        metrics.WINDOW_MIN_ROWS: 200,
        metrics.RUN_LAST_SUCCESS: now - 600,
        metrics.RUN_WAITING_SINCE: now - 600,
        metrics.RUN_INTERVAL: 86_400,
        metrics.RUN_FAILED: 0,
    }
    plain = [
        Gauge(metric, (NAMESPACE, MONITOR, check, kind), value)
        for metric, value in of_checks.items()
        for check, kind in CHECKS.items()
    ]
    estimate = (NAMESPACE, MONITOR, "performance", "performance")
    return [
        *plain,
        *(
            Gauge(metric, (*estimate, bound), 0.7)
            for metric in (metrics.ESTIMATED_ACCURACY, metrics.LABELLED_ACCURACY)
            for bound in ("point", "low", "high")
        ),
        Gauge(metrics.CONDITION, (NAMESPACE, MONITOR, "DriftDetected", "DataDrift"), 1),
    ]


def configuration(folder: Path, served: ServedPages) -> Path:
    """Prometheus' configuration and rules; returns the file."""
    rules = {"groups": list(rule_groups(_monitor()))}
    _write(folder / "rules.yaml", rules)
    of_pod = {"namespace": NAMESPACE, "modelmonitor": MONITOR}
    jobs = [
        _job("predictor", served, labels=of_pod),
        _job("operator", served, labels={}) | {"honor_labels": True},
        _job("collector", served, labels={}),
    ]
    limits = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    return _write(
        folder / "prometheus.yaml", {"global": limits, "rule_files": ["rules.yaml"], "scrape_configs": jobs}
    )


def _job(name: str, served: ServedPages, *, labels: dict[str, str]) -> dict[str, Any]:
    static = [{"targets": [served.address], "labels": labels}]
    return {"job_name": name, "metrics_path": f"/{name}", "static_configs": static}


def _monitor() -> ModelMonitor:
    return ModelMonitor.model_validate(
        {
            "apiVersion": "modelmonitor.io/v1alpha1",
            "kind": "ModelMonitor",
            "metadata": {"name": MONITOR, "namespace": NAMESPACE},
            "spec": {"target": {"inferenceService": DEPLOYMENT}, "reference": {"dataset": "reviews"}},
        }
    )


def _write(path: Path, value: object) -> Path:
    with path.open("w", encoding="utf-8") as file:
        YAML().dump(value, file)
    return path


def _handler(pages: Mapping[str, Callable[[], bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages[self.path]()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Scrapes are no news."""

    return Handler
