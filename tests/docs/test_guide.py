"""The page "From the guide to here" names each command, address, query, metric and table row of the guide."""

from __future__ import annotations

import pytest

from tests.docs.pages import ROOT

PAGE = " ".join((ROOT / "docs/from-the-guide.md").read_text(encoding="utf-8").replace("\\|", "|").split())
OF_THE_GUIDE = """
python scripts/quick_monitor.py
python scripts/monitor_model_performance.py
from src.monitoring.drift_detector import DriftMonitor
from src.utils.config import config
monitor.initialize_reference_data(dataset_name="imdb")
hours_lookback=24
result.drift_type
result.is_drift_detected
result.drift_score
curl http://localhost:8000/metrics | grep api_predictions_total
curl -X POST http://localhost:8000/predict
This is amazing!
This is absolutely amazing! I love it!
This is terrible. Very disappointed.
Test message 1
docker-compose logs api --tail 50
http://localhost:8000/docs
http://localhost:9090
http://localhost:9090/targets
http://localhost:3000
http://localhost:5001
http://prometheus:9090
localhost:5432/ml_pipeline
sum(api_predictions_total)
rate(api_predictions_total[5m]) * 60
avg_over_time(api_prediction_confidence_sum[5m]) / avg_over_time(api_prediction_confidence_count[5m])
histogram_quantile(0.50, rate(api_prediction_duration_seconds_bucket[5m]))
histogram_quantile(0.95, rate(api_prediction_duration_seconds_bucket[5m]))
histogram_quantile(0.99, rate(api_prediction_duration_seconds_bucket[5m]))
rate(api_errors_total[5m])
api_predictions_total{sentiment="POSITIVE"}
api_predictions_total{sentiment="NEGATIVE"}
SELECT input_text, predicted_sentiment, confidence_score FROM prediction_logs WHERE confidence_score < 0.6
DATE_TRUNC('hour', predicted_at) as hour
COUNT(*) FILTER (WHERE confidence_score < 0.6) as low_confidence_count
SELECT COUNT(*) FROM prediction_logs;
monitoring_alerts
api_prediction_duration_seconds
api_prediction_confidence{sentiment}
api_requests_total{method, endpoint, status}
api_active_requests
api_errors_total{error_type, endpoint}
model_loaded
model_info{model_name, version}
database_queries_total{operation, table}
Avg Confidence
Low Confidence Rate
Latency (P95)
Error Rate
Model Status
average confidence < 70 %
increasing latency
sentiment distribution shift
active drift alerts
data drift
concept drift
performance drift
ML Model Performance
Total Predictions
Average Confidence
Prediction Latency
Sentiment Distribution
confidence declining for more than 3 days
drift detected repeatedly
low-confidence rate > 30 %
new data patterns
business requirement change
trends, not just values
combine several signals
set up dashboards
review daily
retain logs for 90+ days
document the baseline
act on alerts
""".strip().splitlines()


@pytest.mark.parametrize("named", OF_THE_GUIDE)
def test_what_the_guide_says_has_its_counterpart(named: str) -> None:
    assert named in PAGE
