"""Alerts of one machine: a real database, a real page of metrics, a real receiver, and the clock in hand."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from model_server.metrics import ServerMetrics
from modelmonitor.api.load import load_monitor
from modelmonitor.local.alerts.watch import AlertWatch, Sources
from modelmonitor.store.copyformat import PREDICTION_COLUMNS, prediction_tuple
from modelmonitor.store.prediction_table import PredictionTable

NOW = datetime.now(UTC)
MONITOR = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: movie-reviews}
  alerts:
    overrides: [{alert: ModelConfidenceLow, for: 1m}]
"""


class Machine:
    """A predictor's page that moves with each look, and a receiver that may refuse."""

    def __init__(self):
        self.metrics, self.heard, self.refuses = ServerMetrics(), [], False
        self.metrics.model_is(
            name="sentiment", version="3", classes=("NEGATIVE", "POSITIVE"), deployment="sentiment"
        )
        self.metrics.loaded(yes=True)
        self.metrics.database_up(up=True)
        machine = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                for _ in range(30):
                    machine.metrics.predicted("POSITIVE", confidence=0.5, seconds=0.01)
                    machine.metrics.request_ended("POST", "/predict", 200)
                self.answer(200, machine.metrics.page(None)[0])

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not machine.refuses:
                    machine.heard.append(json.loads(body))
                self.answer(503 if machine.refuses else 200, b"")

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def told(self):
        return [
            (alert["labels"]["alertname"], alert["labels"]["severity"], alert["status"], alert["startsAt"])
            for each in self.heard
            for alert in each["alerts"]
        ]


@pytest.fixture
def machine():
    made = Machine()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def unsure(database_url, make_prediction):
    """A database whose last hour has a mean confidence of 0.7."""
    table = PredictionTable(
        database_url, connect_timeout_s=5, partitions_ahead_days=0, on_statement=lambda *_: None
    )
    rows = [
        prediction_tuple(make_prediction(predicted_at=NOW - timedelta(minutes=n), confidence_score=0.7))
        for n in range(1, 50)
    ]
    table.store(PREDICTION_COLUMNS, rows)
    table.close()
    return database_url


def watch(machine, database_url, folder, *, monitor=MONITOR, said=None):
    return AlertWatch(
        load_monitor(monitor, source="test"),
        sources=Sources(machine.url, database_url),
        receivers={"the webhook": f"{machine.url}/hook"},
        data_dir=folder,
        say=(said if said is not None else []).append,
        started=NOW,
    )


def tick(alerting, *seconds):
    for second in seconds:
        alerting.tick(now=NOW + timedelta(seconds=second), failed=frozenset())


def test_an_alert_fires_once_after_its_for_and_is_resolved_after_a_restart(machine, unsure, tmp_path):
    tick(watch(machine, unsure, tmp_path), 0, 15, 30)
    # Killed and started again: the time that the condition held before counts.
    tick(watch(machine, unsure, tmp_path), 45, 60, 75, 90)
    assert [each[:3] for each in machine.told()] == [("ModelConfidenceLow", "warning", "firing")]

    healthy = MONITOR.replace(
        "  alerts:", '  thresholds: {confidence: {warning: "0.6", critical: "0.5"}}\n  alerts:'
    )
    tick(watch(machine, unsure, tmp_path, monitor=healthy), 105, 120)

    fired, resolved = machine.told()
    assert resolved == ("ModelConfidenceLow", "warning", "resolved", fired[3])


def test_a_receiver_that_refuses_is_told_again_also_after_a_restart(machine, unsure, tmp_path):
    said = []
    machine.refuses = True
    tick(watch(machine, unsure, tmp_path, said=said), 0, 15, 30, 45, 60, 75, 90, 105)
    machine.refuses = False

    tick(watch(machine, unsure, tmp_path), 120)

    assert [each[:3] for each in machine.told()] == [("ModelConfidenceLow", "warning", "firing")]
    assert [line for line in said if "webhook" in line] == [
        "the webhook does not take alerts (it answers 503): they are sent until it does"
    ]
    assert "alert ModelConfidenceLow (warning) fires: sentiment is unsure: mean confidence 70%" in said


def test_an_alert_with_an_expression_of_ones_own_is_not_judged_and_this_is_said(machine, unsure, tmp_path):
    said = []
    tick(watch(machine, unsure, tmp_path), 0, 15, 30, 45, 60, 75)

    own = MONITOR.replace("for: 1m", 'for: 1m, expr: "vector(1)"')
    tick(watch(machine, unsure, tmp_path, monitor=own, said=said), 90, 105, 120, 135, 150, 165)

    # It fired by our expression, which is no longer asked for.
    assert [each[2] for each in machine.told()] == ["firing", "resolved"]
    assert said[0] == (
        "alert ModelConfidenceLow is not judged here: only Prometheus evaluates its expression "
        "(spec.alerts.overrides)"
    )
    assert not [line for line in said if "ModelConfidenceLow (warning) fires" in line]


def test_without_a_database_nothing_is_resolved_and_nothing_fires(machine, unsure, tmp_path):
    tick(watch(machine, unsure, tmp_path), 0, 15, 30, 45, 60, 75)
    gone = "postgresql://nobody@127.0.0.1:9/none"

    tick(watch(machine, gone, tmp_path), 90, 105)

    assert [each[2] for each in machine.told()] == ["firing"]
