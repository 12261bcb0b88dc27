"""The reference of a run: the stored one of the served model's version, or a new one that is built once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from modelmonitor.job.errors import JobError
from modelmonitor.job.plan import RunPlan
from modelmonitor.job.references.dataset import changed_since, dataset_reference
from modelmonitor.job.references.sources import Sources
from modelmonitor.job.window import Obstacle
from modelmonitor.store.errors import ReferenceMissing
from modelmonitor.store.references import (
    NEXT_VERSION,
    Reference,
    alone_building,
    load_reference,
    save_reference,
)
from modelmonitor.store.windows import prevailing_version

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

# Of a canary's few answers no reference is built, and a rollout is noticed within so many predictions.
_NEWEST_ROWS: Final = 200
_UNSUPPORTED: Final = Obstacle(
    "UnsupportedReference",
    "This version compares with a stored data set only: name one in spec.reference.dataset.",
)


@dataclass(frozen=True, slots=True)
class Provided:
    """What to compare with.

    Attributes:
        reference: None if there is none, then `obstacle` says why.
        outdated: why a newer one could not be built, a sentence; empty if this is the right one.
    """

    reference: Reference | None
    obstacle: Obstacle | None = None
    outdated: str = ""


def provide(conn: Connection, plan: RunPlan, *, sources: Sources, now: datetime) -> Provided:
    """The reference that the served model's version scored; built and saved first if there is none.

    Parallel runs wait for the first to build it; one that is killed meanwhile has saved nothing.

    Args:
        conn: any connection that may write references.
        plan: which reference, and which version of the model is watched.
        sources: what may be asked for a new one.
        now: end of the windows, UTC.
    """
    if plan.reference.spec.dataset is None:
        return Provided(None, _UNSUPPORTED)
    wanted = plan.model_version or _prevailing(conn, plan, now=now)
    found = _stored(conn, plan, wanted)
    if found is not None and not changed_since(conn, found):
        return Provided(found)
    try:
        return Provided(_built(conn, plan, wanted=wanted, sources=sources, now=now))
    except JobError as error:
        return _without(conn, plan, str(error))


def _prevailing(conn: Connection, plan: RunPlan, *, now: datetime) -> str | None:
    if plan.reference.spec.refresh == "never":
        return None
    start = now - max(check.lookback for check in plan.checks)
    return prevailing_version(conn, deployment_id=plan.deployment_id, start=start, end=now, rows=_NEWEST_ROWS)


def _built(
    conn: Connection, plan: RunPlan, *, wanted: str | None, sources: Sources, now: datetime
) -> Reference:
    with alone_building(conn, name=plan.reference.name, model_name=plan.model_name):
        # Another check of this monitor may have built it while this one waited.
        found = _stored(conn, plan, wanted)
        if found is not None and not changed_since(conn, found):
            return found
        draft = dataset_reference(
            conn,
            plan,
            newest=_stored(conn, plan, None),
            stored=lambda version: _stored(conn, plan, version),
            sources=sources,
            now=now,
        )
        return save_reference(conn, draft) if draft.version == NEXT_VERSION else draft


def _without(conn: Connection, plan: RunPlan, why: str) -> Provided:
    name, newest = plan.reference.name, _stored(conn, plan, None)
    if newest is None:
        missing = f"Reference {name} of model {plan.model_name} does not exist and could not be built. {why}"
        return Provided(None, Obstacle("NoReference", missing))
    if plan.model_version not in (None, newest.model_version):
        return Provided(None, other_model(f"version {plan.model_version} is watched", newest, why=why))
    return Provided(newest, outdated=why)


def other_model(found: str, reference: Reference, *, why: str) -> Obstacle:
    """That predictions and reference are of different versions of the model.

    Args:
        found: what is watched or was logged, as part of a sentence.
        reference: the one that there is.
        why: why there is no other, a sentence, or empty.
    """
    sentence = (
        f"Reference {reference.name} was scored by model version {reference.model_version}, but {found}, "
        f"and no new one could be built. {why}"
    )
    return Obstacle("ModelChanged", sentence.strip())


def _stored(conn: Connection, plan: RunPlan, model_version: str | None) -> Reference | None:
    try:
        return load_reference(
            conn, name=plan.reference.name, model_name=plan.model_name, model_version=model_version
        )
    except ReferenceMissing:
        return None
