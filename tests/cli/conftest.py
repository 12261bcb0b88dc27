"""A monitored model behind plain URLs: a real database, and a real exposition of metrics over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from modelmonitor import metrics
from modelmonitor.store.alerts import Alert, open_alert, resolve_alert
from modelmonitor.store.connection import connect
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, prediction_tuple
from modelmonitor.store.prediction_table import PredictionTable
from modelmonitor.store.results import DriftRow, save_results

NOW = datetime.now(UTC).replace(microsecond=0)
DRIFT = DriftRow(
    run_id="run-2",
    monitor="sentiment",
    deployment_id="sentiment",
    check_name="data",
    drift_type="data",
    detector="mmd",
    backend="native",
    feature="embedding",
    statistic=0.05,
    p_value=0.001,
    effect_size=0.4,
    effect_name="MMD over within-sample distance",
    level=0.01,
    threshold=0.2,
    verdict="Drift",
    severity="critical",
    reason="The input looks different.",
    is_drift_detected=True,
    drift_score=0.999,
    n_reference=2000,
    n_window=1500,
    window_start=NOW - timedelta(hours=25),
    window_end=NOW - timedelta(hours=1),
    model_name="sentiment",
    model_version="3",
    created_at=NOW - timedelta(hours=3.5),
    evidence={"words": ["lol", "haha"]},
    report_url="reports/run-2.html",
)
QUIET = replace(
    DRIFT,
    run_id="run-1",
    p_value=0.4,
    effect_size=0.01,
    verdict="NoDrift",
    severity="none",
    is_drift_detected=False,
    reason="The input looks the same.",
    created_at=NOW - timedelta(days=1),
)
FIRING = Alert(
    "f1",
    NOW - timedelta(hours=3.5),
    "ModelDriftDetected",
    "critical",
    {"modelmonitor": "sentiment", "check": "data"},
    {"summary": "Inputs drifted."},
)
OLD = replace(FIRING, fingerprint="f0", starts_at=NOW - timedelta(days=2), severity="warning")


@dataclass(frozen=True)
class Finished:
    code: int
    out: str
    err: str


@pytest.fixture
def cli(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Finished]:
    """Runs the command in a process of its own, as a shell would."""

    def run(*arguments: str, stdin: str | None = None, columns: int = 80, **environment: str) -> Finished:
        command = [sys.executable, "-c", "from modelmonitor.cli.main import main; main()", *arguments]
        known = {name: value for name, value in os.environ.items() if not name.startswith(("MM_", "KUBE"))}
        process = subprocess.run(
            command,
            capture_output=True,
            text=True,
            input=stdin,
            timeout=100,
            env={**known, "COLUMNS": str(columns), "HOME": "/nonexistent", **environment},
        )
        assert "Traceback" not in process.stderr, process.stderr
        return Finished(process.returncode, process.stdout, process.stderr)

    return run


@pytest.fixture
def filled(database_url: str, make_prediction: Callable[..., Any]) -> str:
    """A database with 40 predictions of the last two weeks, two runs and two alerts."""
    rows = [
        make_prediction(
            prediction_id=uuid.UUID(int=number + 1),
            predicted_at=NOW - timedelta(hours=3.5 + number * (1 if number < 20 else 12)),
            predicted_sentiment="POSITIVE" if number % 4 else "NEGATIVE",
            confidence_score=0.4 if number % 4 == 0 else 0.9,
        )
        for number in range(40)
    ]
    table = PredictionTable(
        database_url,
        connect_timeout_s=5,
        partitions_ahead_days=0,
        on_statement=lambda _operation, _table: None,
    )
    table.store(PREDICTION_COLUMNS, [prediction_tuple(row) for row in rows])
    table.close()
    with closing(connect(database_url, application_name="tests")) as conn:
        save_results(conn, [QUIET, replace(QUIET, run_id="run-2", detector="ks", feature="length"), DRIFT])
        open_alert(conn, FIRING)
        resolve_alert(conn, OLD, ends_at=NOW - timedelta(days=1))
    return database_url


@pytest.fixture
def exporter() -> Iterator[str]:
    """Address of a model server's metrics: 100 answers, one of them a 500."""
    registry = CollectorRegistry()
    Gauge(metrics.MODEL_LOADED.name, "help", registry=registry).set(1)
    info = Gauge(metrics.MODEL_INFO.name, "help", metrics.MODEL_INFO.labels, registry=registry)
    info.labels("sentiment", "3").set(1)
    requests = Counter(metrics.REQUESTS.name, "help", metrics.REQUESTS.labels, registry=registry)
    requests.labels("POST", "/predict", "200").inc(99)
    requests.labels("POST", "/predict", "500").inc(1)
    duration = Histogram(
        metrics.PREDICTION_DURATION.name, "help", buckets=metrics.LATENCY_BUCKETS, registry=registry
    )
    counts = Counter(metrics.PREDICTIONS.name, "help", metrics.PREDICTIONS.labels, registry=registry)
    for _ in range(100):
        duration.observe(0.015)
    counts.labels("POSITIVE").inc(75)
    counts.labels("NEGATIVE").inc(25)
    server, thread = start_http_server(0, addr="127.0.0.1", registry=registry)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
