"""The guide's metrics are all there at 0 before the first request, and move with it."""

from __future__ import annotations

from typing import Any

import pytest

from modelmonitor.metrics import PREDICTOR_METRICS

pytestmark = pytest.mark.timeout(300)
AT_ZERO = {
    'api_predictions_total{sentiment="NEGATIVE"}': 0,
    'api_predictions_total{sentiment="NEUTRAL"}': 0,
    'api_predictions_total{sentiment="POSITIVE"}': 0,
    'api_prediction_confidence_count{sentiment="NEUTRAL"}': 0,
    'api_prediction_confidence_bucket{le="0.6",sentiment="POSITIVE"}': 0,
    'api_prediction_duration_seconds_bucket{le="0.1"}': 0,
    'api_requests_total{endpoint="/predict",method="POST",status="200"}': 0,
    'api_requests_total{endpoint="ModelInfer",method="GRPC",status="200"}': 0,
    'api_errors_total{endpoint="/predict",error_type="overloaded"}': 0,
    'api_prediction_log_dropped_total{reason="spool_full"}': 0,
    "api_prediction_log_discarded_total": 0,
    'database_queries_total{operation="insert",table="prediction_logs"}': 0,
    "api_active_requests": 0,
    "model_loaded": 1,
    'model_info{model_name="sentiment",version="7"}': 1,
    'modelmonitor_deployment_info{deployment_id="sentiment"}': 1,
}


def test_every_series_starts_at_zero_and_counts_what_happens(start_server: Any) -> None:
    server = start_server(log="off", model_version="7")
    before = server.metrics()

    assert {name: before.get(name) for name in AT_ZERO} == AT_ZERO
    assert not [
        metric.name
        for metric in PREDICTOR_METRICS
        if not any(line.startswith(metric.name) for line in before)
    ]
    assert any(name.startswith("process_resident_memory_bytes") for name in before)

    with server.client() as client:
        sentiment = client.post("/predict", json={"text": "good"}).json()["sentiment"]
        client.post("/predict", json={"text": ""})
    after = server.metrics()
    moved = {
        name: after[name] - before.get(name, 0)
        for name in after
        if not name.startswith(("process_", "python_"))
    }
    moved = {
        name: change
        for name, change in moved.items()
        if change and "bucket" not in name and "sum" not in name
    }

    assert moved == {
        f'api_predictions_total{{sentiment="{sentiment}"}}': 1,
        f'api_prediction_confidence_count{{sentiment="{sentiment}"}}': 1,
        "api_prediction_duration_seconds_count": 1,
        'api_requests_total{endpoint="/predict",method="POST",status="200"}': 1,
        'api_requests_total{endpoint="/predict",method="POST",status="400"}': 1,
        'api_errors_total{endpoint="/predict",error_type="invalid_text"}': 1,
    }
