"""A reference's sample from labelled texts and their scores."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from modelmonitor.job.errors import JobError
from modelmonitor.job.scoring import Scores
from modelmonitor.sample import UNLABELLED, Sample
from modelmonitor.store.datasets import LabelledText


class UnknownLabel(JobError):
    """A label of the data set is no class of the model; the message lists the classes."""


def reference_sample(rows: Sequence[LabelledText], scores: Scores, *, privacy: str, now: datetime) -> Sample:
    """The sample to compare windows with.

    Args:
        rows: the texts that were scored, with their labels.
        scores: what the model said of them, in the same order.
        privacy: `spec.privacy.input`; texts are kept only if it is store.
        now: stands for the time of every row, with time zone.

    Raises:
        UnknownLabel: a label is none of the model's classes.
    """
    moment = np.datetime64(now.astimezone(UTC).replace(tzinfo=None), "us")
    return Sample(
        classes=scores.classes,
        prediction_ids=("",) * len(rows),
        texts=tuple(text if privacy == "store" else None for text, _ in rows),
        probabilities=scores.probabilities,
        embeddings=scores.embeddings,
        predicted_at=np.full(len(rows), moment, dtype="datetime64[us]"),
        labels=np.asarray([label_index(label, scores.classes) for _, label in rows], dtype=np.int64),
    )


def label_index(label: str | None, classes: Sequence[str]) -> int:
    """Number of a class, UNLABELLED for none; raises UnknownLabel for one that the model does not have."""
    if label is None:
        return UNLABELLED
    if label not in classes:
        raise UnknownLabel(f"The label {label!r} is no class of the model: use one of {', '.join(classes)}.")
    return list(classes).index(label)
