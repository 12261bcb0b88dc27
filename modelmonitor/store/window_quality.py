"""Labels of a window counted by the database, and the record of past windows that late labels revise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

# The time is on both sides, so that partitions outside of the window are not read.
_COUNT: Final = """
SELECT feedback.label, logged.predicted_sentiment, count(*),
       CASE WHEN count(logged.confidence_score) = count(*) THEN coalesce(sum(logged.confidence_score), 0) END,
       percentile_cont(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM feedback.labelled_at - logged.predicted_at)),
       now()
FROM prediction_logs AS logged JOIN feedback USING (prediction_id)
WHERE logged.deployment_id = %(deployment_id)s
  AND logged.predicted_at >= %(start)s AND logged.predicted_at < %(end)s
  AND (%(model_version)s::text IS NULL OR logged.model_version = %(model_version)s)
GROUP BY GROUPING SETS ((feedback.label, logged.predicted_sentiment), ())
"""
_BINS: Final = """
SELECT count(*), count(*) FILTER (WHERE feedback.label = logged.predicted_sentiment),
       avg(logged.confidence_score)
FROM prediction_logs AS logged JOIN feedback USING (prediction_id)
WHERE logged.deployment_id = %(deployment_id)s
  AND logged.predicted_at >= %(start)s AND logged.predicted_at < %(end)s
  AND (%(model_version)s::text IS NULL OR logged.model_version = %(model_version)s)
  AND logged.confidence_score IS NOT NULL
GROUP BY least(floor(logged.confidence_score * 10), 9) ORDER BY least(floor(logged.confidence_score * 10), 9)
"""
_STALE: Final = """
SELECT window_start, window_end, model_version, classes, predictions FROM quality_by_window AS known
WHERE namespace = %(namespace)s AND monitor = %(monitor)s AND deployment_id = %(deployment_id)s
  AND window_end > %(since)s
  AND EXISTS (
    SELECT FROM prediction_logs AS logged JOIN feedback USING (prediction_id)
    WHERE logged.deployment_id = known.deployment_id AND logged.model_version = known.model_version
      AND logged.predicted_at >= known.window_start AND logged.predicted_at < known.window_end
      AND feedback.received_at > known.revised_at)
ORDER BY window_start DESC LIMIT %(most)s
"""
_LAST_END: Final = """
SELECT max(window_end) FROM quality_by_window
WHERE namespace = %s AND monitor = %s AND deployment_id = %s AND window_end <= %s
"""


@dataclass(frozen=True, slots=True)
class LabelTally:
    """Labels of a window.

    Attributes:
        counts: (true class, predicted class) -> labelled rows; a true class may be none of the model's.
        confidence_sum: of the labelled rows, None where the model told the class alone of some.
        median_delay_s: from a prediction to its label, seconds; negative where a label came first.
        as_of: when they were counted, by the database's clock; labels received later are not in it.
        bins: for each tenth of confidence that has any: labelled rows, right ones, mean confidence.
    """

    counts: dict[tuple[str, str], int]
    confidence_sum: float | None
    median_delay_s: float | None
    as_of: datetime
    bins: tuple[tuple[int, int, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PastWindow:
    """A recorded window for which labels came after it was last looked at."""

    window_start: datetime
    window_end: datetime
    model_version: str
    classes: Sequence[str]
    predictions: int


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One row of `quality_by_window`; figures None where nothing is labelled."""

    monitor: str
    deployment_id: str
    window_start: datetime
    window_end: datetime
    model_version: str
    predictions: int
    labelled: int
    classes: Sequence[str]
    confusion: Sequence[int]
    accuracy: float | None
    accuracy_low: float | None
    accuracy_high: float | None
    f1: float | None
    precision: float | None
    recall: float | None
    label_delay_s: float | None
    first_at: datetime
    revised_at: datetime
    namespace: str = ""


_COLUMNS: Final = tuple(column.name for column in fields(QualityRow))
_NAMES: Final = ", ".join(f'"{name}"' for name in _COLUMNS)
_KEY: Final = ("namespace", "monitor", "deployment_id", "window_start", "window_end", "model_version")
_CHANGED: Final = ", ".join(
    f'"{name}" = EXCLUDED."{name}"' for name in _COLUMNS if name not in {*_KEY, "first_at"}
)
_SAVE: Final = (
    f"INSERT INTO quality_by_window AS known ({_NAMES}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608  # names of ours
    f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {_CHANGED}, revisions = known.revisions + 1"
)
_LIST: Final = (
    f"SELECT {_NAMES} FROM quality_by_window WHERE namespace = %s AND monitor = %s "  # noqa: S608  # names of ours
    "AND deployment_id = %s ORDER BY window_start DESC LIMIT %s"
)


def tally_labels(
    conn: Connection, *, deployment_id: str, start: datetime, end: datetime, model_version: str | None
) -> LabelTally:
    """Count the latest labels of the predictions of [start, end)."""
    question = {"deployment_id": deployment_id, "start": start, "end": end, "model_version": model_version}
    with conn, conn.cursor() as cursor:
        cursor.execute(_COUNT, question)
        rows = cursor.fetchall()
        cursor.execute(_BINS, question)
        bins = tuple((int(count), int(right), float(mean)) for count, right, mean in cursor)
    counts = {(row[0], row[1]): int(row[2]) for row in rows if row[0] is not None}
    # The grand total is a row of its own, also without labels.
    _, _, _, confidence_sum, delay, as_of = next(row for row in rows if row[0] is None)
    return LabelTally(
        counts,
        None if confidence_sum is None else float(confidence_sum),
        None if delay is None else float(delay),
        as_of.astimezone(UTC),
        bins,
    )


def stale_windows(
    conn: Connection, *, namespace: str, monitor: str, deployment_id: str, since: datetime, most: int
) -> tuple[PastWindow, ...]:
    """Recorded windows that got labels since they were last looked at, the latest first."""
    question = {
        "namespace": namespace,
        "monitor": monitor,
        "deployment_id": deployment_id,
        "since": since,
        "most": most,
    }
    with conn, conn.cursor() as cursor:
        cursor.execute(_STALE, question)
        return tuple(PastWindow(*row) for row in cursor)


def last_recorded_end(
    conn: Connection, *, namespace: str, monitor: str, deployment_id: str, until: datetime
) -> datetime | None:
    """End of the newest recorded window that ended by `until`."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_LAST_END, (namespace, monitor, deployment_id, until))
        row = cursor.fetchone()
    found: datetime | None = row[0] if row else None
    return found


def save_quality(cursor: Cursor, row: QualityRow) -> None:
    """Record a window, or revise its record; the caller commits."""
    cursor.execute(_SAVE, [_plain(getattr(row, name)) for name in _COLUMNS])


def list_quality(
    conn: Connection, *, namespace: str, monitor: str, deployment_id: str, limit: int
) -> tuple[QualityRow, ...]:
    """Recorded windows, the latest first."""
    with conn, conn.cursor() as cursor:
        cursor.execute(_LIST, (namespace, monitor, deployment_id, limit))
        return tuple(QualityRow(*row) for row in cursor)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
