"""Texts of a stored sample, to be scored anew by another version of the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from modelmonitor.job.plan import RunPlan
from modelmonitor.job.reference import reference_sample
from modelmonitor.job.references.served import score
from modelmonitor.job.references.sources import ReferenceNotBuilt, Sources
from modelmonitor.sample import UNLABELLED, Sample
from modelmonitor.store.datasets import LabelledText
from modelmonitor.store.references import NEXT_VERSION, Reference


def labelled_texts(sample: Sample) -> list[LabelledText]:
    """The texts of a sample that kept them, each with its label or None."""
    names = [None if label == UNLABELLED else sample.classes[label] for label in sample.labels]
    return [(text, label) for text, label in zip(sample.texts, names, strict=True) if text]


def scored_anew(
    newest: Reference,
    plan: RunPlan,
    *,
    source: Mapping[str, object],
    wanted: str | None,
    sources: Sources,
    why: str,
    now: datetime,
) -> Reference:
    """The texts of a stored reference as the served model scores them, not saved yet.

    Args:
        newest: the stored reference.
        plan: whose model.
        source: what the new version stands for, as JSON types.
        wanted: the version that must serve; None for whichever does.
        sources: whom to ask.
        why: what else there is not, part of a message.
        now: becomes the time of the reference.

    Raises:
        ReferenceNotBuilt: no texts were kept, nobody can score them, or another version serves.
        PredictorUnreachable: the predictor does not answer.
        PredictorRefused: it answers, but does not score.
    """
    rows = labelled_texts(newest.sample)
    if len(rows) < len(newest.sample):
        raise ReferenceNotBuilt(f"{why}, and the texts that could be scored anew were not kept.")
    try:
        scores = score([text for text, _ in rows], plan, sources)
    except ReferenceNotBuilt as error:
        raise ReferenceNotBuilt(f"{why}. {error}") from None
    if wanted not in (None, scores.model_version):
        raise ReferenceNotBuilt(f"{why}, and the predictor serves version {scores.model_version}.")
    return Reference(
        name=newest.name,
        version=NEXT_VERSION,
        model_name=plan.model_name,
        model_version=scores.model_version,
        created_at=now,
        origin=f"the texts of version {newest.version} scored by {scores.model_name} {scores.model_version}",
        sample=replace(
            reference_sample(rows, scores, privacy=plan.privacy, now=now), segments=newest.sample.segments
        ),
        source={**source, "scored_anew": newest.version},
    )
