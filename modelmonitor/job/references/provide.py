"""The reference of a run: the stored one of the served model's version, or a new one that is built once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from modelmonitor.job.errors import JobError
from modelmonitor.job.plan import RunPlan
from modelmonitor.job.references.builders import Before, Builder, builder_of
from modelmonitor.job.references.contamination import ReferenceContaminated, refused, signs
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
    wanted = plan.model_version or _prevailing(conn, plan, now=now)
    found = _stored(conn, plan, wanted)
    try:
        builder = builder_of(conn, plan, sources=sources, now=now)
        if found is not None and builder.is_current(found):
            return Provided(found)
        return Provided(_built(conn, plan, builder, wanted=wanted, now=now))
    except JobError as error:
        return _without(conn, plan, error, found=found)


def _prevailing(conn: Connection, plan: RunPlan, *, now: datetime) -> str | None:
    if plan.reference.spec.refresh == "never":
        return None
    start = now - max(check.lookback for check in plan.checks)
    return prevailing_version(conn, deployment_id=plan.deployment_id, start=start, end=now, rows=_NEWEST_ROWS)


def _built(
    conn: Connection, plan: RunPlan, builder: Builder, *, wanted: str | None, now: datetime
) -> Reference:
    with alone_building(conn, name=plan.reference.name, model_name=plan.model_name):
        # Another check of this monitor may have built it while this one waited.
        found = _stored(conn, plan, wanted)
        if found is not None and builder.is_current(found):
            return found
        before = Before(_stored(conn, plan, None), lambda version: _stored(conn, plan, version))
        draft = builder.build(wanted=wanted, before=before, now=now)
        if draft.version != NEXT_VERSION:
            return draft
        saved = save_reference(conn, _accepted(draft, plan, builder, before))
        # As later runs see it: embeddings are stored with half precision.
        return load_reference(conn, name=saved.name, model_name=saved.model_name, version=saved.version)


def _accepted(draft: Reference, plan: RunPlan, builder: Builder, before: Before) -> Reference:
    if builder.stretch is None:
        # Texts that somebody chose are what he calls normal, whatever they look like.
        return draft
    found = signs(draft, stretch=builder.stretch, before=before.scored_by(draft.model_version))
    if not found:
        return draft
    if plan.reference.spec.force is None:
        raise refused(draft, found)
    return replace(
        draft, source={**draft.source, "forced": plan.reference.spec.force, "signs_of_drift": list(found)}
    )


def _without(conn: Connection, plan: RunPlan, error: JobError, *, found: Reference | None) -> Provided:
    name, newest, why = plan.reference.name, found or _stored(conn, plan, None), str(error)
    if newest is None:
        code = "ReferenceContaminated" if isinstance(error, ReferenceContaminated) else "NoReference"
        missing = f"Reference {name} of model {plan.model_name} does not exist and could not be built. {why}"
        return Provided(None, Obstacle(code, missing))
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
