"""What a run reads from PostgreSQL: the reference, the window of every check, and the history of drift."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from modelmonitor.job.judge import NO_REFERENCE
from modelmonitor.job.plan import PlannedCheck, RunPlan
from modelmonitor.job.window import Obstacle, Window
from modelmonitor.sample import Sample
from modelmonitor.store.errors import MixedWindow, ReferenceMissing
from modelmonitor.store.references import Reference, load_reference
from modelmonitor.store.results import DriftRow, list_results
from modelmonitor.store.windows import count_rows, model_versions, read_window

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

_HISTORY: Final = timedelta(days=90)
_HISTORY_ROWS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds for a run.

    Attributes:
        windows: by name of the check.
        open_since: for each check that drifted in its last run, when that unbroken series began.
    """

    reference: Reference | None
    windows: Mapping[str, Window]
    open_since: Mapping[str, datetime]


def read(conn: Connection, plan: RunPlan, *, now: datetime, seed: int) -> Found:
    """Read everything that a run needs; what is missing becomes an obstacle of its window, not an error.

    Args:
        conn: any connection.
        plan: what to run.
        now: end of the windows, UTC.
        seed: of the choice of rows where there are more than a check reads.
    """
    reference = _reference(conn, plan)
    windows = {
        check.name: _window(conn, plan, check, reference=reference, now=now, seed=seed)
        for check in plan.checks
    }
    rows = list_results(conn, deployment_id=plan.deployment_id, since=now - _HISTORY, limit=_HISTORY_ROWS)
    return Found(
        reference=reference if isinstance(reference, Reference) else None,
        windows=windows,
        open_since=open_series(rows, monitor=plan.monitor),
    )


def open_series(rows: Sequence[DriftRow], *, monitor: str) -> dict[str, datetime]:
    """For each check whose latest conclusive runs all drifted, when the first of them was.

    Args:
        rows: results, the latest run first.
        monitor: results of other monitors are passed over.
    """
    drifted: dict[tuple[str, str], bool] = {}
    moments: dict[tuple[str, str], datetime] = {}
    for row in rows:
        if row.monitor == monitor and row.verdict != "Inconclusive":
            key = (row.check_name, row.run_id)
            drifted[key] = drifted.get(key, False) or row.is_drift_detected
            moments[key] = row.created_at
    began: dict[str, datetime] = {}
    ended: set[str] = set()
    for (check, run), found in drifted.items():
        if not found:
            ended.add(check)
        elif check not in ended:
            began[check] = moments[check, run]
    return began


def _reference(conn: Connection, plan: RunPlan) -> Reference | Obstacle:
    if plan.reference is None:
        return Obstacle("UnsupportedReference", plan.reference_obstacle or NO_REFERENCE.sentence)
    try:
        found = load_reference(conn, name=plan.reference, model_name=plan.model_name)
    except ReferenceMissing as error:
        return Obstacle("NoReference", str(error))
    if plan.model_version not in (None, found.model_version):
        return _other_model(f"version {plan.model_version} is watched", found)
    return replace(found, sample=_visible(found.sample, plan))


def _window(
    conn: Connection,
    plan: RunPlan,
    check: PlannedCheck,
    *,
    reference: Reference | Obstacle,
    now: datetime,
    seed: int,
) -> Window:
    start = now - check.lookback
    version = reference.model_version if isinstance(reference, Reference) else None
    logged = count_rows(conn, deployment_id=plan.deployment_id, start=start, end=now, model_version=version)
    if isinstance(reference, Obstacle):
        return Window(start=start, end=now, rows_logged=logged, sample=None, obstacle=reference)
    try:
        sample = read_window(
            conn,
            deployment_id=plan.deployment_id,
            start=start,
            end=now,
            classes=reference.sample.classes,
            max_rows=check.max_rows,
            seed=seed,
            model_version=version,
        )
    except MixedWindow as error:
        return Window(
            start=start,
            end=now,
            rows_logged=logged,
            sample=None,
            obstacle=Obstacle("MixedWindow", str(error)),
        )
    others = () if logged else model_versions(conn, deployment_id=plan.deployment_id, start=start, end=now)
    if others:
        obstacle = _other_model(f"the predictions come from version {others[0]}", reference)
        return Window(start=start, end=now, rows_logged=logged, sample=None, obstacle=obstacle)
    return Window(start=start, end=now, rows_logged=logged, sample=_visible(sample, plan))


def _visible(sample: Sample, plan: RunPlan) -> Sample:
    # A hash in place of a text has no words; comparing hashes as words would always look like drift.
    return sample if plan.show_texts else replace(sample, texts=(None,) * len(sample))


def _other_model(found: str, reference: Reference) -> Obstacle:
    return Obstacle(
        "ModelChanged",
        f"Reference {reference.name} was scored by model version {reference.model_version}, but {found}: "
        "build the reference again with initialize_reference_data.",
    )
