"""Results of drift checks: one row a test of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TYPE_CHECKING, Final

from psycopg2.extras import Json

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One row of `drift_results`.

    Attributes:
        run_id: shared by all rows of one run; a repeated run writes nothing new.
        monitor: name of the ModelMonitor.
        deployment_id: whose predictions were read.
        check_name: as in `spec.checks[].name`.
        drift_type: data, concept or performance.
        detector: name of the test.
        backend: implementation of the test.
        feature: what of the predictions was compared.
        statistic: of the test; None when it was not run.
        p_value: 0 to 1, None for tests without.
        effect_size: in the unit and range that `effect_name` stands for.
        effect_name: name of the effect size.
        level: significance level of the test.
        threshold: effect size from which a significant difference counts.
        verdict: NoDrift, Drift or Inconclusive.
        severity: none, warning or critical.
        reason: the verdict in a sentence.
        is_drift_detected: whether the verdict is Drift.
        drift_score: the guide's score, 0 to 1.
        n_reference: rows of the reference.
        n_window: rows of the window.
        window_start: first moment of the window.
        window_end: first moment after the window.
        model_name: of the model under test.
        model_version: of the model under test.
        created_at: when the run ended.
        segment: the part of the window that was tested; empty for all of it.
        evidence: what explains it, as JSON.
        report_url: where the report is.
        namespace: of the ModelMonitor; empty in rows of before there was this column.
    """

    run_id: str
    monitor: str
    deployment_id: str
    check_name: str
    drift_type: str
    detector: str
    backend: str
    feature: str
    statistic: float | None
    p_value: float | None
    effect_size: float | None
    effect_name: str
    level: float | None
    threshold: float | None
    verdict: str
    severity: str
    reason: str
    is_drift_detected: bool
    drift_score: float
    n_reference: int
    n_window: int
    window_start: datetime
    window_end: datetime
    model_name: str
    model_version: str
    created_at: datetime
    segment: str = ""
    evidence: Mapping[str, object] = field(default_factory=dict)
    report_url: str = ""
    namespace: str = ""


_COLUMNS: Final = tuple(column.name for column in fields(DriftRow))
_NAMES: Final = ", ".join(_COLUMNS)
_PLACES: Final = ", ".join(["%s"] * len(_COLUMNS))
_INSERT: Final = (
    f"INSERT INTO drift_results ({_NAMES}) VALUES ({_PLACES}) "  # noqa: S608  # names of ours
    "ON CONFLICT DO NOTHING"
)
_SET_URL: Final = "UPDATE drift_results SET report_url = %s WHERE run_id = %s AND report_url = ''"
# A run that could not test anything spent nothing of the budget.
_LATEST_LOOKS: Final = """
SELECT check_name, max(created_at) FROM drift_results
WHERE deployment_id = %(deployment_id)s AND monitor = %(monitor)s AND namespace = %(namespace)s
  AND run_id <> %(run_id)s AND created_at <= %(until)s AND p_value IS NOT NULL
GROUP BY check_name
"""
_EXTRA_LOOKS: Final = """
SELECT count(DISTINCT (run_id, check_name)) FROM drift_results
WHERE deployment_id = %(deployment_id)s AND monitor = %(monitor)s AND namespace = %(namespace)s
  AND run_id <> %(run_id)s AND created_at >= %(start)s AND created_at <= %(until)s
  AND p_value IS NOT NULL AND evidence->>'look' = 'extra'
"""
_LATEST: Final = (
    f"SELECT {_NAMES} FROM drift_results WHERE deployment_id = %(deployment_id)s "  # noqa: S608  # names of ours
    "AND created_at >= %(since)s AND (%(namespace)s = '' OR namespace IN ('', %(namespace)s)) "
    "ORDER BY created_at DESC, result_id LIMIT %(limit)s"
)
_KNOWN: Final = """
SELECT FROM drift_results WHERE deployment_id = %s AND monitor = %s AND namespace = %s LIMIT 1
"""
_TABLES: Final = ("drift_results", "drift_episodes", "retrain_triggers", "quality_by_window", "new_patterns")


@dataclass(frozen=True, slots=True)
class Looks:
    """How often a monitor was tested.

    Attributes:
        latest: for each check, when it was last tested, with time zone.
        extra: tests of a check beyond its schedule since the period began.
    """

    latest: Mapping[str, datetime] = field(default_factory=dict)
    extra: int = 0


def save_results(conn: Connection, rows: Sequence[DriftRow]) -> int:
    """Save the rows of a run, all or none; the number that was not there before. Commits."""
    with conn, conn.cursor() as cursor:
        return insert_results(cursor, rows)


def insert_results(cursor: Cursor, rows: Sequence[DriftRow]) -> int:
    """Save the rows of a run; the number that was not there before. The caller commits."""
    return sum(_insert(cursor, row) for row in rows)


def set_report_url(conn: Connection, *, run_id: str, report_url: str) -> None:
    """Say where the report of a saved run is. Commits."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_SET_URL, (report_url, run_id))


def count_looks(
    cursor: Cursor,
    *,
    namespace: str,
    monitor: str,
    deployment_id: str,
    run_id: str,
    period_start: datetime,
    until: datetime,
) -> Looks:
    """How often the checks of a monitor were tested before, this run left out.

    Args:
        cursor: any.
        namespace: of the ModelMonitor.
        monitor: its name.
        deployment_id: whose predictions.
        run_id: this run.
        period_start: beginning of the budget's period.
        until: the present of the run.
    """
    known = {
        "namespace": namespace,
        "monitor": monitor,
        "deployment_id": deployment_id,
        "run_id": run_id,
        "start": period_start,
        "until": until,
    }
    cursor.execute(_LATEST_LOOKS, known)
    latest = dict(cursor.fetchall())
    cursor.execute(_EXTRA_LOOKS, known)
    (extra,) = cursor.fetchone() or (0,)
    return Looks(latest, int(extra))


def list_results(
    conn: Connection, *, deployment_id: str, since: datetime, limit: int, namespace: str = ""
) -> tuple[DriftRow, ...]:
    """Results of a deployment, the latest run first; with a namespace only those of its monitors.

    Rows that name no namespace are those of any.
    """
    question = {"deployment_id": deployment_id, "since": since, "limit": limit, "namespace": namespace}
    with conn, conn.cursor() as cursor:
        cursor.execute(_LATEST, question)
        return tuple(DriftRow(*row) for row in cursor)


def adopt_results(cursor: Cursor, *, namespace: str, monitor: str, deployment_id: str) -> None:
    """Give rows of before there were namespaces to the first monitor of that name that runs; commits nothing.

    Args:
        cursor: in a transaction that holds `lock_decisions`.
        namespace: of the monitor.
        monitor: its name.
        deployment_id: whose predictions.
    """
    cursor.execute(_KNOWN, (deployment_id, monitor, namespace))
    if cursor.rowcount:
        return
    for table in _TABLES:
        cursor.execute(
            f"UPDATE {table} SET namespace = %s "  # noqa: S608  # names of ours
            "WHERE namespace = '' AND monitor = %s AND deployment_id = %s",
            (namespace, monitor, deployment_id),
        )


def _insert(cursor: Cursor, row: DriftRow) -> int:
    values = [getattr(row, name) for name in _COLUMNS]
    cursor.execute(_INSERT, [Json(value) if isinstance(value, Mapping) else value for value in values])
    return cursor.rowcount
