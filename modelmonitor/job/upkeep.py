"""`python -m modelmonitor.job.upkeep`: keep the prediction log of one monitor within its retention.

Makes day partitions ahead, brings the hourly sums up to date, drops days that no monitor keeps any more, and
deletes the days that this monitor's model keeps for less. Safe to run at any time and by many monitors at
once. Settings as those of `modelmonitor.job`; standard output gets one JSON object.

Exit codes: 0 done; 1 it failed; 2 settings or monitor must be corrected; 3 PostgreSQL does not answer.
"""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from modelmonitor.api.durations import parse_duration
from modelmonitor.api.load import InvalidMonitor
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.job.database import database
from modelmonitor.job.errors import JobError
from modelmonitor.job.logs import log_as_json
from modelmonitor.job.settings import read_job_settings, read_monitor
from modelmonitor.job.upkeep_plan import Seen, UpkeepPlan, plan_upkeep
from modelmonitor.store.errors import DatabaseUnreachable, StoreError
from modelmonitor.store.partitions import drop_expired, ensure_partitions
from modelmonitor.store.references import forget_references
from modelmonitor.store.rollups import roll_up

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

_LOG = logging.getLogger("modelmonitor.job.upkeep")
_LOCK_KEY: Final = 0x6D6D5F75706B65
# A monitor that was deleted says nothing any more: after so long its policy counts no longer.
_POLICY_LIFE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Done:
    """What an upkeep did.

    Attributes:
        shared: whether it did what is done once for all monitors; if not, another did so at that moment.
        rolled_up: hourly sums written.
        dropped: partitions dropped.
        deleted: predictions of this model deleted from days that others keep.
    """

    shared: bool
    rolled_up: int
    dropped: tuple[str, ...]
    deleted: int


def main() -> int:
    """Run once; every known failure is one sentence in the log and an exit code."""
    log_as_json(sys.stderr)
    try:
        settings = read_job_settings()
        monitor = read_monitor(settings)
        deployment = settings.deployment_id or monitor.model_name
        with database(settings.database_url.get_secret_value()) as conn:
            done = keep_up(conn, monitor, deployment_id=deployment, now=settings.moment(datetime.now(UTC)))
    except DatabaseUnreachable as error:
        return _failed(error, 3)
    except (InvalidMonitor, JobError) as error:
        return _failed(error, 2)
    except StoreError as error:
        return _failed(error, 1)
    sys.stdout.write(f"{json.dumps(_output(done))}\n")
    return 0


def keep_up(conn: Connection, monitor: ModelMonitor, *, deployment_id: str, now: datetime) -> Done:
    """Bring the log to what the monitor's retention says.

    Args:
        conn: as owner of the tables or as the role modelmonitor_job.
        monitor: the monitor.
        deployment_id: whose predictions it watches.
        now: UTC.
    """
    keep_days = max(parse_duration(monitor.spec.retention).days, 1)
    name = f"{monitor.namespace}/{monitor.metadata.name}"
    _write_policy(conn, name, deployment_id=deployment_id, keep_days=keep_days, now=now)
    plan = plan_upkeep(_seen(conn, deployment_id, now=now), keep_days=keep_days, now=now)
    shared = _shared(conn, plan, now=now)
    rolled_up, dropped = shared or (0, ())
    deleted = sum(_expire(conn, deployment_id, day, now=now) for day in plan.own_days)
    return Done(shared is not None, rolled_up, dropped, deleted)


def _shared(conn: Connection, plan: UpkeepPlan, *, now: datetime) -> tuple[int, tuple[str, ...]] | None:
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK_KEY,))
        if not (cursor.fetchone() or (False,))[0]:
            return None
    try:
        ensure_partitions(conn, now=now)
        # Sums first: what is dropped can be counted no more.
        rolled_up = roll_up(conn, start=plan.roll_up_from, end=now)
        forget_references(conn, now=now)
        return rolled_up, drop_expired(conn, now=now, retention_days=plan.longest_days)
    finally:
        with conn, conn.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", (_LOCK_KEY,))


def _write_policy(
    conn: Connection, monitor: str, *, deployment_id: str, keep_days: int, now: datetime
) -> None:
    statement = """
        INSERT INTO retention_policies (monitor, deployment_id, keep_days, updated_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (monitor) DO UPDATE SET deployment_id = EXCLUDED.deployment_id,
            keep_days = EXCLUDED.keep_days, updated_at = EXCLUDED.updated_at
    """
    with conn, conn.cursor() as cursor:
        cursor.execute(statement, (monitor, deployment_id, keep_days, now))


def _seen(conn: Connection, deployment_id: str, *, now: datetime) -> Seen:
    statement = """
        SELECT (SELECT max(keep_days) FROM retention_policies WHERE updated_at > %(alive)s),
               (SELECT max(keep_days) FROM retention_policies
                WHERE deployment_id = %(model)s AND updated_at > %(alive)s),
               (SELECT max(hour) FROM prediction_rollups),
               (SELECT min(predicted_at) FROM prediction_logs),
               (SELECT min(predicted_at) FROM prediction_logs WHERE deployment_id = %(model)s)
    """
    with conn, conn.cursor() as cursor:
        cursor.execute(statement, {"model": deployment_id, "alive": now - _POLICY_LIFE})
        longest, of_model, rolled_up, oldest, oldest_of_model = cursor.fetchone() or (None,) * 5
    return Seen(longest, of_model, rolled_up, oldest=oldest, oldest_of_model=oldest_of_model)


def _expire(conn: Connection, deployment_id: str, day: date, *, now: datetime) -> int:
    # One day a transaction: locks are short, and what was deleted before a failure stays deleted.
    with conn, conn.cursor() as cursor:
        cursor.execute("SELECT modelmonitor_expire_day(%s, %s, %s)", (deployment_id, day, now))
        (deleted,) = cursor.fetchone() or (0,)
    return int(deleted)


def _output(done: Done) -> dict[str, object]:
    return {
        "shared": done.shared,
        "rolledUp": done.rolled_up,
        "dropped": list(done.dropped),
        "deleted": done.deleted,
    }


def _failed(error: Exception, code: int) -> int:
    _LOG.error("%s", error)
    return code


if __name__ == "__main__":
    sys.exit(main())
