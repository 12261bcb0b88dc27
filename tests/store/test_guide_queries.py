"""The SQL of the monitoring guide runs as it is printed there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from modelmonitor.store.connection import connect
from modelmonitor.store.log import LogSettings, PredictionLog
from modelmonitor.store.records import Prediction
from modelmonitor.store.summary import (
    DaySummary,
    HourlyTrend,
    LowConfidence,
    hourly_trends,
    last_day,
    low_confidence,
)

SUMMARY = """
-- 24h performance summary
SELECT
    COUNT(*) as total,
    AVG(confidence_score) as avg_confidence,
    COUNT(*) FILTER (WHERE confidence_score < 0.6) as low_confidence_count
FROM prediction_logs
WHERE predicted_at >= NOW() - INTERVAL '24 hours';
"""
INVESTIGATE = """
-- Low confidence predictions (investigate these)
SELECT input_text, predicted_sentiment, confidence_score
FROM prediction_logs
WHERE confidence_score < 0.6
ORDER BY confidence_score ASC
LIMIT 20;
"""
TRENDS = """
-- Hourly trends
SELECT
    DATE_TRUNC('hour', predicted_at) as hour,
    COUNT(*) as count,
    AVG(confidence_score) as avg_confidence
FROM prediction_logs
WHERE predicted_at >= NOW() - INTERVAL '7 days'
GROUP BY hour
ORDER BY hour DESC;
"""
COUNT = "SELECT COUNT(*) FROM prediction_logs;"


@pytest.fixture
def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def conn(
    database_url: str, tmp_path: Path, make_prediction: Callable[..., Prediction], now: datetime
) -> Iterator[Any]:
    log = PredictionLog(LogSettings(tmp_path, database_url))
    log.start()
    moments = {
        "now": now,
        "same hour": now,
        "three days ago": now - timedelta(days=3),
        "old": now - timedelta(days=8),
    }
    scores = {"now": 0.5, "same hour": 1.0, "three days ago": 0.25, "old": 0.125}
    log.append(
        [
            make_prediction(input_text=text, predicted_at=moment, confidence_score=scores[text])
            for text, moment in moments.items()
        ]
    )
    assert log.flush(timeout_s=30)
    log.close(timeout_s=5)
    with closing(connect(database_url, application_name="tests")) as connection, connection:
        yield connection


def run(conn, statement: str) -> list[tuple[Any, ...]]:
    with conn.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def test_the_24h_performance_summary_runs_as_printed(conn) -> None:
    assert run(conn, SUMMARY) == [(2, 0.75, 1)]


def test_the_list_of_low_confidence_predictions_runs_as_printed(conn) -> None:
    assert run(conn, INVESTIGATE) == [
        ("old", "POSITIVE", 0.125),
        ("three days ago", "POSITIVE", 0.25),
        ("now", "POSITIVE", 0.5),
    ]


def test_the_hourly_trends_run_as_printed(conn, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    assert run(conn, TRENDS) == [(hour, 2, 0.75), (hour - timedelta(days=3), 1, 0.25)]


def test_the_count_of_the_guides_troubleshooting_runs_as_printed(conn) -> None:
    assert run(conn, COUNT) == [(4,)]


def test_the_same_queries_are_functions(database_url: str, conn, now: datetime) -> None:
    hour = now.replace(minute=0, second=0, microsecond=0)
    with closing(connect(database_url, application_name="tests")) as mine:
        assert last_day(mine) == DaySummary(2, 0.75, 1)
        assert low_confidence(mine)[0] == LowConfidence("old", "POSITIVE", 0.125)
        assert hourly_trends(mine) == (
            HourlyTrend(hour, 2, 0.75),
            HourlyTrend(hour - timedelta(days=3), 1, 0.25),
        )


def test_predictions_of_unknown_confidence_count_as_predictions_and_change_no_mean(
    database_url: str, tmp_path: Path, make_prediction: Callable[..., Prediction], now: datetime
) -> None:
    log = PredictionLog(LogSettings(tmp_path, database_url))
    log.start()
    scores = {"sure": 1.0, "unsure": 0.5, "class alone": None, "another": None}
    log.append(
        [
            make_prediction(input_text=text, predicted_at=now, confidence_score=score)
            for text, score in scores.items()
        ]
    )
    assert log.flush(timeout_s=30)
    log.close(timeout_s=5)
    hour = now.replace(minute=0, second=0, microsecond=0)

    with closing(connect(database_url, application_name="tests")) as conn, conn:
        assert run(conn, SUMMARY) == [(4, 0.75, 1)]
        assert run(conn, INVESTIGATE) == [("unsure", "POSITIVE", 0.5)]
        assert run(conn, TRENDS) == [(hour, 4, 0.75)]
