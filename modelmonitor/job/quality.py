"""Accuracy for the report: measured where labels exist, estimated where they do not."""

from __future__ import annotations

import numpy as np

from modelmonitor.estimate.accuracy import NeedsLabelledReference, NeedsMoreRows, estimate_accuracy
from modelmonitor.estimate.labelled import NeedsLabels, labelled_quality
from modelmonitor.report.model import EstimateReport, LabelledReport
from modelmonitor.sample import Sample

_ESTIMATE_CONFIDENCE = 0.9
_LABELLED_CONFIDENCE = 0.95


def estimated(reference: Sample, window: Sample, *, seed: int) -> EstimateReport | None:
    """The accuracy that the window probably has; None where reference labels or rows are too few to say."""
    try:
        found = estimate_accuracy(reference, window, seed=seed, confidence=_ESTIMATE_CONFIDENCE)
    except (NeedsLabelledReference, NeedsMoreRows):
        return None
    known = reference.take(np.flatnonzero(reference.labelled))
    return EstimateReport(
        accuracy=found.point,
        low=found.low,
        high=found.high,
        confidence=_ESTIMATE_CONFIDENCE,
        methods=dict(found.methods),
        rows=found.n,
        novel_share=found.novel_share,
        reference_accuracy=float((known.predicted == known.labels).mean()),
    )


def measured(window: Sample, *, seed: int) -> LabelledReport | None:
    """Quality on the window's labelled rows; None where no label has come."""
    try:
        found = labelled_quality(window, seed=seed, confidence=_LABELLED_CONFIDENCE)
    except NeedsLabels:
        return None
    return LabelledReport(
        accuracy=found.accuracy.value,
        low=found.accuracy.low,
        high=found.accuracy.high,
        confidence=_LABELLED_CONFIDENCE,
        f1=found.f1_macro.value,
        precision=found.precision_macro.value,
        recall=found.recall_macro.value,
        rows=found.n,
    )
