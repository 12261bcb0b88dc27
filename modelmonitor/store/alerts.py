"""Alerts as they were raised and resolved: one row a fingerprint and start, in any order of the news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from psycopg2.extras import Json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

# A resolved alert stays resolved: Alertmanager may repeat or reorder its messages.
_UPSERT: Final = """
INSERT INTO monitoring_alerts (fingerprint, starts_at, ends_at, alertname, severity, labels, annotations)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (fingerprint, starts_at) DO UPDATE SET
    ends_at = least(monitoring_alerts.ends_at, EXCLUDED.ends_at),
    severity = EXCLUDED.severity,
    labels = EXCLUDED.labels,
    annotations = EXCLUDED.annotations,
    updated_at = now()
"""
# Of an alert that pauses and fires again before Alertmanager speaks only the new start is told: by then the
# one before is over.
_OVERTAKEN: Final = """
UPDATE monitoring_alerts AS earlier SET ends_at = known.next_start, updated_at = now()
FROM (
    SELECT starts_at, lead(starts_at) OVER (ORDER BY starts_at) AS next_start
    FROM monitoring_alerts WHERE fingerprint = %(fingerprint)s
) AS known
WHERE earlier.fingerprint = %(fingerprint)s AND earlier.starts_at = known.starts_at
  AND earlier.ends_at IS NULL AND known.next_start IS NOT NULL
"""
_OPEN: Final = """
SELECT fingerprint, starts_at, alertname, severity, labels, annotations FROM monitoring_alerts
WHERE ends_at IS NULL ORDER BY starts_at DESC, fingerprint
"""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of Alertmanager, or of the local scheduler.

    Attributes:
        fingerprint: identifies its labels.
        starts_at: when it began to fire, with time zone.
        alertname: the rule.
        severity: warning or critical.
        labels: all labels.
        annotations: summary, description, runbook.
    """

    fingerprint: str
    starts_at: datetime
    alertname: str
    severity: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]


def open_alert(conn: Connection, alert: Alert) -> None:
    """Record that an alert fires; repeating it updates the row and never reopens a resolved one. Commits."""
    _upsert(conn, alert, ends_at=None)


def resolve_alert(conn: Connection, alert: Alert, *, ends_at: datetime) -> None:
    """Record that an alert no longer fires, also if nobody heard it fire. Commits."""
    _upsert(conn, alert, ends_at=ends_at)


def open_alerts(conn: Connection) -> tuple[Alert, ...]:
    """Alerts that fire now, the latest first."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_OPEN)
        return tuple(Alert(*row) for row in cursor)


def put_alert(cursor: Cursor, alert: Alert, *, ends_at: datetime | None) -> None:
    """Record an alert, firing while `ends_at` is None, inside the caller's transaction."""
    labels, annotations = Json(dict(alert.labels)), Json(dict(alert.annotations))
    row = (alert.fingerprint, alert.starts_at, ends_at, alert.alertname, alert.severity, labels, annotations)
    cursor.execute(_UPSERT, row)
    cursor.execute(_OVERTAKEN, {"fingerprint": alert.fingerprint})


def _upsert(conn: Connection, alert: Alert, *, ends_at: datetime | None) -> None:
    with conn, conn.cursor() as cursor:
        put_alert(cursor, alert, ends_at=ends_at)
