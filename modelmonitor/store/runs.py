"""What runs rested on: one row a run, by which it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from psycopg2.extras import Json

from modelmonitor.store.errors import StoreError

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812
    from psycopg2.extensions import cursor as Cursor  # noqa: N812


class RunMissing(StoreError):
    """No run of this identity was recorded: look for it with `modelmonitor drift list`."""


class SeveralRuns(StoreError):
    """Several runs begin like this: give more of the identity."""


@dataclass(frozen=True, slots=True)
class RunRow:
    """One row of `drift_runs`.

    Attributes:
        run_id: the identity of the run.
        namespace: of the monitor.
        monitor: its name.
        deployment_id: whose predictions were read.
        finished_at: end of its windows, with time zone.
        seed: of every random choice.
        document: the monitor as the run read it.
        checks: names of the checks that ran.
        plan: digest of what followed from the document.
        reference: name, model_name, version and digest; None without one.
        windows: by check, what was read.
        packages: versions of what computed.
        numbers: what was computed.
    """

    run_id: str
    namespace: str
    monitor: str
    deployment_id: str
    finished_at: datetime
    seed: int
    document: Mapping[str, Any]
    checks: Sequence[str]
    plan: str
    reference: Mapping[str, Any] | None
    windows: Mapping[str, Any]
    packages: Mapping[str, str]
    numbers: Mapping[str, Any]


_COLUMNS: Final = tuple(column.name for column in fields(RunRow))
_NAMES: Final = ", ".join(_COLUMNS)
_SAVE: Final = (
    f"INSERT INTO drift_runs ({_NAMES}) VALUES ({', '.join(['%s'] * len(_COLUMNS))}) "  # noqa: S608  # names of ours
    "ON CONFLICT DO NOTHING"
)
_LOAD: Final = f"SELECT {_NAMES} FROM drift_runs WHERE starts_with(run_id, %s) ORDER BY run_id <> %s LIMIT 6"  # noqa: S608  # names of ours


def save_run(cursor: Cursor, row: RunRow) -> None:
    """Record a run, once; the caller commits."""
    values = [getattr(row, name) for name in _COLUMNS]
    plain = [list(value) if isinstance(value, tuple) else value for value in values]
    cursor.execute(_SAVE, [Json(value) if isinstance(value, Mapping) else value for value in plain])


def load_run(conn: Connection, begins: str) -> RunRow:
    """The run of this identity, or the only one whose identity begins like this.

    Raises:
        RunMissing: there is none.
        SeveralRuns: there are several.
    """
    with conn, conn.cursor() as cursor:
        cursor.execute(_LOAD, (begins, begins))
        found = [RunRow(*row) for row in cursor]
    if not found:
        raise RunMissing(
            f"No run {begins} was recorded: `modelmonitor drift list` shows those there are; runs of "
            "versions without the table drift_runs left nothing to repeat them by."
        )
    if len(found) > 1 and found[0].run_id != begins:
        names = ", ".join(row.run_id for row in found[:5])
        raise SeveralRuns(f"Several runs begin with {begins!r}: {names}; give more of it.")
    return _in_utc(found[0])


def _in_utc(row: RunRow) -> RunRow:
    values = {name: getattr(row, name) for name in _COLUMNS}
    return RunRow(**{**values, "finished_at": row.finished_at.astimezone(UTC)})
