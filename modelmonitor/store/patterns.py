"""New patterns as every run saw them, so that a later run can tell whether they stay and grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from psycopg2.extras import Json

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812


@dataclass(frozen=True, slots=True)
class PatternRow:
    """One row of `new_patterns`; times with time zone.

    Attributes:
        fingerprint: its place.
        namespace: of the monitor.
        name: short form of the fingerprint.
        share: of the window's predictions, 0 to 1.
        size: predictions of it that were read.
        first_seen: beginning of the first window that had it.
        windows: windows without a common prediction that had it, this one included.
    """

    run_id: str
    monitor: str
    deployment_id: str
    check_name: str
    fingerprint: Mapping[str, object]
    name: str
    share: float
    size: int
    window_start: datetime
    window_end: datetime
    first_seen: datetime
    windows: int
    created_at: datetime
    namespace: str = ""


_COLUMNS: Final = tuple(column.name for column in fields(PatternRow))
_NAMES: Final = ", ".join(_COLUMNS)
_SAVE: Final = (
    f"INSERT INTO new_patterns ({_NAMES}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608  # names of ours
    "ON CONFLICT DO NOTHING"
)
_LOAD: Final = (
    f"SELECT {_NAMES} FROM new_patterns WHERE namespace = %s AND monitor = %s "  # noqa: S608  # names of ours
    "AND deployment_id = %s AND run_id <> %s AND created_at >= %s AND created_at <= %s ORDER BY window_end"
)


def save_pattern(cursor: Cursor, row: PatternRow) -> None:
    """Keep what a run saw, once; the caller commits."""
    values = [getattr(row, name) for name in _COLUMNS]
    cursor.execute(_SAVE, [Json(value) if isinstance(value, Mapping) else value for value in values])


def load_patterns(
    cursor: Cursor,
    *,
    namespace: str,
    monitor: str,
    deployment_id: str,
    run_id: str,
    start: datetime,
    end: datetime,
) -> tuple[PatternRow, ...]:
    """What other runs between the two times saw, the oldest window first."""
    cursor.execute(_LOAD, (namespace, monitor, deployment_id, run_id, start, end))
    return tuple(PatternRow(*map(_utc, row)) for row in cursor)


def _utc(value: Any) -> Any:  # noqa: ANN401 - any column
    return value.astimezone(UTC) if isinstance(value, datetime) else value
