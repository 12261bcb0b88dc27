"""New patterns and the drifted part of a window, for the report; no text but what the samples hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelmonitor.decide.fingerprint import word_digests
from modelmonitor.estimate.drifted_part import Quality, compare, drifted_part
from modelmonitor.estimate.novelty import Novelty
from modelmonitor.explain.clusters import Cluster, new_patterns
from modelmonitor.explain.examples import example_of
from modelmonitor.explain.words import changed_words
from modelmonitor.job.direction import fingerprint_of, fingerprint_value
from modelmonitor.job.texts import example_report, word_report
from modelmonitor.report.episode import FingerprintReport
from modelmonitor.report.novel import DriftedPartReport, NoveltyReport, PartQualityReport, PatternReport
from modelmonitor.report.text import WORD_LIMIT, shown
from modelmonitor.report.texts import WordReport
from modelmonitor.sample import Sample

_WORDS = 10


def novel(reference: Sample, window: Sample, *, check: str, space: str, seed: int) -> NoveltyReport | None:
    """What the window has that the reference has not; None where it cannot be told.

    Args:
        reference: what normal looks like.
        window: the predictions; dropped or hashed texts are not among their columns.
        check: whose window it is.
        space: names the space of the embeddings.
        seed: of every random choice.
    """
    found = new_patterns(reference, window, seed=seed)
    if found is None:
        return None
    return NoveltyReport(
        check=check,
        strange_share=found.strangers.share,
        expected_share=found.strangers.expected,
        p_value=found.strangers.p_value,
        rows=found.strangers.n,
        patterns=tuple(_pattern(each, reference, window, space=space) for each in found.clusters),
    )


def _pattern(cluster: Cluster, reference: Sample, window: Sample, *, space: str) -> PatternReport:
    members = window.take(cluster.rows)
    words = _words(cluster, reference, window)
    place = _place(reference, members, words, space=space)
    shares = np.bincount(members.predicted, minlength=len(window.classes)) / len(members)
    return PatternReport(
        name=str(fingerprint_value(place)),
        fingerprint=place,
        rows=len(members),
        share=cluster.share,
        reference_share=cluster.reference_share,
        p_value=cluster.p_value,
        cohesion=cluster.cohesion,
        confidence=float(members.confidence.mean()) if members.confidence_known else None,
        classes={
            shown(name, WORD_LIMIT)[0]: float(share)
            for name, share in zip(window.classes, shares, strict=True)
        },
        words=words,
        examples=tuple(
            example_report(example_of(window, int(row))) for row in cluster.medoids if window.texts[row]
        ),
    )


def _place(
    reference: Sample, members: Sample, words: Sequence[WordReport], *, space: str
) -> FingerprintReport:
    """Its words, or its direction where no text was kept; the mix of classes says nothing of a place."""
    if words:
        return FingerprintReport(words=word_digests([word.word for word in words], ()))
    return fingerprint_of(reference, members, space=space).model_copy(update={"classes": ()})


def _words(cluster: Cluster, reference: Sample, window: Sample) -> tuple[WordReport, ...]:
    """Words that the pattern's texts hold more often than all other texts."""
    inside = set(cluster.rows.tolist())
    ours = [text for row, text in enumerate(window.texts) if text is not None and row in inside]
    others = [text for row, text in enumerate(window.texts) if text is not None and row not in inside]
    others += [text for text in reference.texts if text is not None]
    if not ours or not others:
        return ()
    more = [shift for shift in changed_words(others, ours, top=10 * _WORDS) if shift.z_score > 0]
    return tuple(word_report(shift) for shift in more[:_WORDS])


def drifted(reference: Sample, window: Sample, outside: Novelty | None) -> DriftedPartReport | None:
    """The drifted part, and how the model does in it; None where a classifier had nothing to read."""
    if outside is None:
        return None
    part = drifted_part(outside)
    inside, rest = compare(reference, window, part)
    return DriftedPartReport(
        share=part.share,
        low=part.low,
        precision=part.precision,
        inside=_quality(inside),
        rest=_quality(rest),
    )


def _quality(found: Quality) -> PartQualityReport:
    accuracy = found.accuracy
    return PartQualityReport(
        rows=found.rows,
        confidence=found.confidence,
        calibrated=found.calibrated,
        labelled=found.labelled,
        accuracy=accuracy.value if accuracy else None,
        low=accuracy.low if accuracy else None,
        high=accuracy.high if accuracy else None,
    )
