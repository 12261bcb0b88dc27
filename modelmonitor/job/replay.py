"""A past run once more: the same rows by their bounds, the same plan and seed, and every number compared."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.job.evidence import digest_of_content, digest_of_ids, digest_of_plan, digest_of_rows
from modelmonitor.job.pipeline import Circumstances, run_checks
from modelmonitor.job.plan import PlannedCheck, RunPlan, plan_run
from modelmonitor.job.read import Span, read_parts, visible
from modelmonitor.job.record import numbers_of
from modelmonitor.job.window import Obstacle, Window
from modelmonitor.store.errors import MixedWindow, ReferenceMissing
from modelmonitor.store.references import Reference, load_reference
from modelmonitor.store.runs import RunRow, load_run
from modelmonitor.store.windows import count_rows

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

TOLERANCE: Final = 1e-6
"""Relative difference up to which two numbers are the same: other processors add in another order."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of repeating a run.

    Attributes:
        run_id: the run.
        rows: what is no longer as the run read it, each a sentence; then nothing was computed.
        numbers: numbers that are not the same, each as place: before, now.
        compared: how many values were compared.
        notes: what else is different, such as versions of packages.
    """

    run_id: str
    rows: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    compared: int = 0
    notes: tuple[str, ...] = ()

    @property
    def same(self) -> bool:
        """Whether the run was repeated with the same result."""
        return not self.rows and not self.numbers


def replay(conn: Connection, run_id: str, *, packages: Mapping[str, str]) -> Replayed:
    """Repeat a run; nothing is written.

    Args:
        conn: any connection that may read.
        run_id: its identity, or how it begins.
        packages: versions of what computes now.

    Raises:
        RunMissing: it was not recorded.
        SeveralRuns: several begin like this.
        DetectionError: a detector's package is missing here.
    """
    row = load_run(conn, run_id)
    plan = _plan(row)
    notes = tuple(_notes(row, plan, packages))
    reference, missing = _reference(conn, row, plan)
    windows, lost = _windows(conn, row, plan, reference)
    gone = (*missing, *lost)
    if gone:
        return Replayed(row.run_id, rows=gone, notes=notes)
    draft = run_checks(
        plan,
        reference=reference,
        windows=windows,
        circumstances=Circumstances(row.run_id, row.finished_at, row.seed, packages),
    )
    before, now = row.numbers, json.loads(json.dumps(numbers_of(draft)))
    return Replayed(
        row.run_id,
        numbers=tuple(differences(before, now)),
        compared=sum(1 for _ in _leaves(before)),
        notes=notes,
    )


def differences(before: Any, now: Any, *, place: str = "") -> Iterator[str]:  # noqa: ANN401 - JSON
    """Where two JSON values are not the same, numbers within TOLERANCE."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({*before, *now}):
            yield from differences(before.get(name), now.get(name), place=f"{place}.{name}".lstrip("."))
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (left, right) in enumerate(zip(before, now, strict=True)):
            yield from differences(left, right, place=f"{place}[{number}]")
    elif not _same(before, now):
        yield f"{place}: {before}, now {now}"


def _same(before: object, now: object) -> bool:
    if isinstance(before, bool) or isinstance(now, bool):
        return before is now
    if isinstance(before, int | float) and isinstance(now, int | float):
        return math.isclose(before, now, rel_tol=TOLERANCE, abs_tol=1e-12)
    return before == now


def _leaves(value: Any) -> Iterator[object]:  # noqa: ANN401 - JSON
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _leaves(each)
    else:
        yield value


def _plan(row: RunRow) -> RunPlan:
    monitor = ModelMonitor.model_validate(row.document)
    plan = plan_run(monitor, deployment_id=row.deployment_id, alibi_installed="alibi-detect" in row.packages)
    return replace(plan, checks=tuple(check for check in plan.checks if check.name in row.checks))


def _notes(row: RunRow, plan: RunPlan, packages: Mapping[str, str]) -> Iterator[str]:
    if digest_of_plan(plan) != row.plan:
        yield "This version of ModelMonitor plans the monitor in another way: levels or detectors differ."
    for name in sorted({*row.packages, *packages}):
        before, now = row.packages.get(name, "none"), packages.get(name, "none")
        if before != now:
            yield f"{name} was {before}, now {now}."


def _reference(conn: Connection, row: RunRow, plan: RunPlan) -> tuple[Reference | None, tuple[str, ...]]:
    known = row.reference
    if known is None:
        return None, ()
    what = f"Version {known['version']} of reference {known['name']}"
    try:
        found = load_reference(
            conn, name=known["name"], model_name=known["model_name"], version=known["version"]
        )
    except ReferenceMissing:
        return None, (f"{what} was deleted.",)
    shown = replace(found, sample=visible(found.sample, plan))
    if digest_of_rows(shown.sample) != known["content"]:
        return None, (f"{what} was changed since the run.",)
    return shown, ()


def _windows(
    conn: Connection, row: RunRow, plan: RunPlan, reference: Reference | None
) -> tuple[dict[str, Window], tuple[str, ...]]:
    windows: dict[str, Window] = {}
    lost: list[str] = []
    for check in plan.checks:
        known = row.windows[check.name]
        window = windows[check.name] = _bare(known)
        if known["parts"] and reference is not None:
            try:
                window = _read(conn, plan, check, window, known=known, reference=reference, seed=row.seed)
            except MixedWindow as error:
                lost.append(f"{check.name}: the predictions are not those of the run. {error}")
                continue
            windows[check.name] = window
            lost += _lost(conn, plan, window, known, reference=reference, check=check.name)
    return windows, tuple(lost)


def _bare(known: Mapping[str, Any]) -> Window:
    return Window(
        start=datetime.fromisoformat(known["start"]),
        end=datetime.fromisoformat(known["end"]),
        rows_logged=known["rows_logged"],
        sample=None,
        obstacle=None if known["obstacle"] is None else Obstacle(**known["obstacle"]),
        other_versions=known["other_versions"],
    )


def _read(
    conn: Connection,
    plan: RunPlan,
    check: PlannedCheck,
    bare: Window,
    *,
    known: Mapping[str, Any],
    reference: Reference,
    seed: int,
) -> Window:
    # A run that was started by hand may have looked back over another time than the monitor says.
    as_run = replace(check, lookback=timedelta(seconds=known["lookback_s"]))
    span = Span(bare.start, bare.end, bare.rows_logged, bare.other_versions, "")
    whole, *newer = read_parts(conn, plan, as_run, reference=reference, span=span, seed=seed)
    return replace(bare, sample=whole.sample, bulk=whole.bulk, newer=tuple(newer))


def _lost(
    conn: Connection,
    plan: RunPlan,
    window: Window,
    known: Mapping[str, Any],
    *,
    reference: Reference,
    check: str,
) -> tuple[str, ...]:
    """Why the rows are not those that the run read, if so."""
    if digest_of_content(window) == known["content"]:
        return ()
    logged = count_rows(
        conn,
        deployment_id=plan.deployment_id,
        start=window.start,
        end=window.end,
        model_version=reference.model_version,
    )
    return (f"{check}: {_change(logged, known, same_ids=digest_of_ids(window) == known['ids'])}.",)


def _change(logged: int, known: Mapping[str, Any], *, same_ids: bool) -> str:
    before = known["rows_logged"]
    if logged < before:
        gone = f"{before - logged:,} of {before:,} predictions of the window are no longer in the log"
        return f"{gone}; retention or somebody deleted them"
    if logged > before:
        return f"{logged - before:,} predictions of the window came into the log after the run"
    if same_ids:
        return "the same predictions, but their content was changed since the run"
    return "as many predictions as the run saw, but others"
