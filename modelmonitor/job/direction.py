"""The direction of a difference between two samples, for recognition; never the texts themselves."""

from __future__ import annotations

import numpy as np

from modelmonitor.decide.fingerprint import Fingerprint, direction, embedding_signs, word_digests
from modelmonitor.explain.words import changed_words
from modelmonitor.report.episode import FingerprintReport
from modelmonitor.sample import Sample

_WORDS = 20


def fingerprint_of(reference: Sample, window: Sample, *, space: str) -> FingerprintReport:
    """The direction in which a window differs from the reference.

    Args:
        reference: at least 2 rows.
        window: at least 1 row.
        space: names the space of the embeddings; directions in two spaces are not compared.
    """
    embedded = reference.embeddings is not None and window.embeddings is not None
    return FingerprintReport(
        space=space if embedded else "",
        embedding=_embedding(reference, window),
        words=() if embedded else _words(reference, window),
        classes=_classes(reference, window),
    )


def fingerprint_value(report: FingerprintReport | None) -> Fingerprint:
    """The report's form as the value that decisions compare."""
    return Fingerprint() if report is None else Fingerprint(**report.model_dump())


def _embedding(reference: Sample, window: Sample) -> str:
    if reference.embeddings is None or window.embeddings is None:
        return ""
    return embedding_signs(direction(reference.embeddings, window.embeddings))


def _words(reference: Sample, window: Sample) -> tuple[str, ...]:
    before, now = ([text for text in sample.texts if text is not None] for sample in (reference, window))
    if not before or not now:
        return ()
    shifts = changed_words(before, now, top=_WORDS)
    return word_digests(
        [shift.word for shift in shifts if shift.z_score > 0],
        [shift.word for shift in shifts if shift.z_score < 0],
    )


def _classes(reference: Sample, window: Sample) -> tuple[float, ...]:
    size = len(reference.classes)
    before, now = (np.bincount(each.predicted, minlength=size) / len(each) for each in (reference, window))
    return tuple(float(change) for change in np.round(now - before, 4))
