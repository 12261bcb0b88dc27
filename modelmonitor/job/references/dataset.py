"""A reference of a data set: its texts, imported, stored before or installed, scored by the served model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from modelmonitor.job.plan import RunPlan
from modelmonitor.job.reference import reference_sample
from modelmonitor.job.references.served import predictor_of, score, served_version
from modelmonitor.job.references.sources import ReferenceNotBuilt, Sources
from modelmonitor.job.references.texts import labelled_texts
from modelmonitor.store.datasets import LabelledText, digest_of_texts, find_dataset, load_dataset
from modelmonitor.store.references import NEXT_VERSION, Reference

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection  # noqa: N812 - psycopg2's class has a lower-case name

Stored = Callable[[str], Reference | None]


@dataclass(frozen=True, slots=True)
class Texts:
    """Texts to score.

    Attributes:
        rows: each with its label, if it has one.
        place: where they are from, in words.
    """

    rows: Sequence[LabelledText]
    place: str


def changed_since(conn: Connection, found: Reference) -> bool:
    """Whether other texts were imported under the name of a reference than those that it was built of."""
    head = find_dataset(conn, found.name)
    return head is not None and head.sha256 != found.source.get("sha256")


def dataset_reference(
    conn: Connection,
    plan: RunPlan,
    *,
    newest: Reference | None,
    stored: Stored,
    sources: Sources,
    now: datetime,
) -> Reference:
    """A reference of the data set of the spec, not saved yet, or the stored one if the served model has it.

    Args:
        conn: where imported texts are.
        plan: names the data set.
        newest: the newest stored version, whatever model version scored it.
        stored: finds the newest one that a model version scored.
        sources: whom to ask.
        now: becomes the time of the reference.

    Raises:
        ReferenceNotBuilt: there are no texts, or nobody to score them.
        PredictorUnreachable: the predictor does not answer.
        PredictorRefused: it answers, but does not score.
        UnknownLabel: a label is none of the model's classes.
    """
    predictor_of(plan, sources)
    texts = _texts(conn, plan.reference.name, newest=newest, sources=sources)
    digest = digest_of_texts(texts.rows)
    version = served_version(texts.rows[0][0], plan, sources)
    if plan.model_version not in (None, version):
        raise ReferenceNotBuilt(
            f"Version {plan.model_version} is watched (spec.target.modelVersion), but the predictor at "
            f"{sources.predictor_url} serves version {version}: correct one of them."
        )
    before = stored(version)
    if before is not None and before.source.get("sha256") == digest:
        return before
    scores = score([text for text, _ in texts.rows], plan, sources)
    return Reference(
        name=plan.reference.name,
        version=NEXT_VERSION,
        model_name=plan.model_name,
        model_version=scores.model_version,
        created_at=now,
        origin=f"{texts.place} scored by {scores.model_name} {scores.model_version}",
        sample=reference_sample(texts.rows, scores, privacy=plan.privacy, now=now),
        source={"kind": "dataset", "sha256": digest},
    )


def _texts(conn: Connection, name: str, *, newest: Reference | None, sources: Sources) -> Texts:
    head = find_dataset(conn, name)
    if head is not None:
        return Texts(load_dataset(conn, head), f"data set {name}, import {head.version},")
    if newest is not None and all(newest.sample.texts):
        return Texts(labelled_texts(newest.sample), f"the texts of version {newest.version}")
    return Texts(_installed(name, sources), f"data set {name}")


def _installed(name: str, sources: Sources) -> Sequence[LabelledText]:
    fix = f"import its texts with `modelmonitor reference import {name} FILE`"
    try:
        rows = sources.datasets(name)
    except KeyError:
        raise ReferenceNotBuilt(
            f"No data set {name} was imported and no installed package has it: {fix}."
        ) from None
    except Exception as error:  # noqa: BLE001 - it is code of any package, and what it raises is not known
        raise ReferenceNotBuilt(
            f"The data set {name} of a package cannot be read ({error}): {fix}."
        ) from None
    if not rows:
        raise ReferenceNotBuilt(f"The data set {name} of a package has no texts: {fix}.")
    return rows
