"""Episodes of drift: runs of one check that found the same; at most one is open at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from psycopg2.extras import Json

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor  # noqa: N812

_LOCK: Final = (
    "SELECT pg_advisory_xact_lock(hashtext('modelmonitor decisions ' || %s || '/' || %s || ' ' || %s))"
)


@dataclass(frozen=True, slots=True)
class EpisodeRow:
    """One row of `drift_episodes`; times with time zone.

    Attributes:
        namespace: of the ModelMonitor.
        monitor: its name.
        deployment_id: whose predictions drifted.
        check_name: as in `spec.checks[].name`.
        severity: warning or critical, the worst so far.
        started_at: with the four names above the identity.
        ended_at: None while open.
        last_run_id: the run that changed it last.
        runs: runs that saw it.
        peak_effect_size: as a multiple of the warning threshold.
        fingerprint: its direction.
        quiet_runs: runs in a row without drift since.
        counted_until: end of the last window that counted.
        same_as: start of the first earlier episode in the same direction.
        number: how many of these.
        pages: how often it was worth a page.
    """

    namespace: str
    monitor: str
    deployment_id: str
    check_name: str
    severity: str
    started_at: datetime
    ended_at: datetime | None
    last_run_id: str
    runs: int
    peak_effect_size: float
    fingerprint: Mapping[str, object]
    quiet_runs: int
    counted_until: datetime | None
    same_as: datetime | None
    number: int
    pages: int


_COLUMNS: Final = tuple(column.name for column in fields(EpisodeRow))
_NAMES: Final = ", ".join(_COLUMNS)
_KEY: Final = ("namespace", "monitor", "deployment_id", "check_name", "started_at")
_CHANGED: Final = ", ".join(f"{name} = EXCLUDED.{name}" for name in _COLUMNS if name not in _KEY)
_SAVE: Final = (
    f"INSERT INTO drift_episodes ({_NAMES}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608  # names of ours
    f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {_CHANGED}"
)
_LOAD: Final = (
    f"SELECT {_NAMES} FROM drift_episodes WHERE namespace = %s AND monitor = %s "  # noqa: S608  # names of ours
    "AND deployment_id = %s AND started_at <= %s ORDER BY started_at"
)


def lock_decisions(cursor: Cursor, *, namespace: str, monitor: str, deployment_id: str) -> None:
    """Let runs of one monitor decide one after the other, until the end of the transaction."""
    cursor.execute(_LOCK, (namespace, monitor, deployment_id))


def load_episodes(
    cursor: Cursor, *, namespace: str, monitor: str, deployment_id: str, until: datetime
) -> tuple[EpisodeRow, ...]:
    """Episodes of all checks of a monitor that had begun by `until`, the oldest first."""
    cursor.execute(_LOAD, (namespace, monitor, deployment_id, until))
    return tuple(EpisodeRow(*map(_utc, row)) for row in cursor)


def save_episode(cursor: Cursor, row: EpisodeRow) -> None:
    """Write an episode, new or changed; the caller commits."""
    values = [getattr(row, name) for name in _COLUMNS]
    cursor.execute(_SAVE, [Json(value) if isinstance(value, Mapping) else value for value in values])


def _utc(value: Any) -> Any:  # noqa: ANN401 - any column
    return value.astimezone(UTC) if isinstance(value, datetime) else value
