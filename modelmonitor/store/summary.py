"""The three queries of the monitoring guide, as printed there, and as functions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812

LAST_DAY: Final = """
SELECT
    COUNT(*) as total,
    AVG(confidence_score) as avg_confidence,
    COUNT(*) FILTER (WHERE confidence_score < 0.6) as low_confidence_count
FROM prediction_logs
WHERE predicted_at >= NOW() - INTERVAL '24 hours';
"""
LOW_CONFIDENCE: Final = """
SELECT input_text, predicted_sentiment, confidence_score
FROM prediction_logs
WHERE confidence_score < 0.6
ORDER BY confidence_score ASC
LIMIT 20;
"""
HOURLY_TRENDS: Final = """
SELECT
    DATE_TRUNC('hour', predicted_at) as hour,
    COUNT(*) as count,
    AVG(confidence_score) as avg_confidence
FROM prediction_logs
WHERE predicted_at >= NOW() - INTERVAL '7 days'
GROUP BY hour
ORDER BY hour DESC;
"""


@dataclass(frozen=True, slots=True)
class DaySummary:
    """The last 24 hours: predictions, their mean confidence (None if none is known), and those below 0.6."""

    total: int
    avg_confidence: float | None
    low_confidence_count: int


@dataclass(frozen=True, slots=True)
class LowConfidence:
    """A prediction worth a look."""

    input_text: str | None
    predicted_sentiment: str
    confidence_score: float


@dataclass(frozen=True, slots=True)
class HourlyTrend:
    """One hour that had predictions; the mean is of the confidences that are known, None without any."""

    hour: datetime
    count: int
    avg_confidence: float | None


def last_day(conn: Connection) -> DaySummary:
    """24h performance summary."""
    with conn, conn.cursor() as cursor:
        cursor.execute(LAST_DAY)
        return DaySummary(*(cursor.fetchone() or (0, None, 0)))


def low_confidence(conn: Connection) -> tuple[LowConfidence, ...]:
    """The 20 predictions with the lowest confidence, of those below 0.6."""
    with conn, conn.cursor() as cursor:
        cursor.execute(LOW_CONFIDENCE)
        return tuple(LowConfidence(*row) for row in cursor)


def hourly_trends(conn: Connection) -> tuple[HourlyTrend, ...]:
    """The hours of the last 7 days, the latest first."""
    with conn, conn.cursor() as cursor:
        cursor.execute(HOURLY_TRENDS)
        return tuple(HourlyTrend(*row) for row in cursor)
