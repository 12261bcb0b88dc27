"""Reasons to train again, as every run found them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from psycopg2.extras import Json

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """One row of `retrain_triggers`.

    Attributes:
        namespace: of the monitor.
        trigger: as in `spec.retrain.when`.
        fires: whether it held in this run.
        established: whether it held in enough runs in a row.
        runs: how many.
        message: the evidence in a sentence.
        evidence: the numbers.
        created_at: of the run, with time zone.
    """

    run_id: str
    monitor: str
    deployment_id: str
    check_name: str
    trigger: str
    fires: bool
    established: bool
    runs: int
    message: str
    evidence: Mapping[str, object]
    created_at: datetime
    namespace: str = ""


_COLUMNS: Final = tuple(column.name for column in fields(TriggerRow))
_NAMES: Final = ", ".join(_COLUMNS)
_SAVE: Final = (
    f"INSERT INTO retrain_triggers ({_NAMES}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608  # names of ours
    "ON CONFLICT DO NOTHING"
)
_LOAD: Final = (
    f"SELECT {_NAMES} FROM retrain_triggers WHERE namespace = %s AND monitor = %s "  # noqa: S608  # names of ours
    "AND deployment_id = %s AND created_at >= %s AND created_at < %s ORDER BY created_at"
)


def save_trigger(cursor: Cursor, row: TriggerRow) -> None:
    """Keep what a run found, once; the caller commits."""
    values = [getattr(row, name) for name in _COLUMNS]
    cursor.execute(_SAVE, [Json(value) if isinstance(value, Mapping) else value for value in values])


def load_triggers(
    cursor: Cursor, *, namespace: str, monitor: str, deployment_id: str, start: datetime, end: datetime
) -> tuple[TriggerRow, ...]:
    """What the runs of [start, end) found, the oldest first."""
    cursor.execute(_LOAD, (namespace, monitor, deployment_id, start, end))
    found = (TriggerRow(*row) for row in cursor)
    return tuple(_in_utc(row) for row in found)


def _in_utc(row: TriggerRow) -> TriggerRow:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return TriggerRow(**{**values, "created_at": row.created_at.astimezone(UTC)})
