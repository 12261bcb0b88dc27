"""Accuracy for the report: measured where labels exist, estimated where they do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from modelmonitor.detect.columns import chosen_rows
from modelmonitor.estimate.accuracy import NeedsLabelledReference, NeedsMoreRows, estimate_accuracy
from modelmonitor.estimate.labelled import LabelCounts, NeedsLabels, labelled_quality
from modelmonitor.estimate.novelty import Novelty
from modelmonitor.estimate.reliability import ReliabilityBin, accuracy_of
from modelmonitor.report.quality import EstimateReport, LabelledReport, ReliabilityReport
from modelmonitor.sample import Sample
from modelmonitor.store.window_quality import LabelTally

_ESTIMATE_CONFIDENCE = 0.9
_ESTIMATE_ROWS: Final = 5000
LABELLED_CONFIDENCE: Final = 0.95


def estimated(
    reference: Sample, window: Sample, *, seed: int, outside: Novelty | None = None
) -> EstimateReport | None:
    """The accuracy that the window probably has; None where too few rows, labels or confidences tell it.

    Of more than 5,000 rows a random part is used on either side.

    Args:
        reference: its labelled rows are used.
        window: its labels are not read.
        seed: of every random choice.
        outside: the novelty of `some_rows` of both, where it is known already.
    """
    if not (reference.confidence_known and window.confidence_known):
        return None
    known = some_rows(reference.take(np.flatnonzero(reference.labelled)), seed=seed)
    rows = some_rows(window, seed=seed)
    try:
        found = estimate_accuracy(known, rows, seed=seed, confidence=_ESTIMATE_CONFIDENCE, outside=outside)
    except (NeedsLabelledReference, NeedsMoreRows):
        return None
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


def some_rows(sample: Sample, *, seed: int) -> Sample:
    """All rows, or a random 5,000 of more; the same for the same length and seed."""
    if len(sample) <= _ESTIMATE_ROWS:
        return sample
    return sample.take(chosen_rows(len(sample), at_most=_ESTIMATE_ROWS, seed=seed))


def measured(counts: LabelCounts, *, delay_s: float | None = None) -> LabelledReport | None:
    """Quality on labelled predictions; None where no label has come.

    Args:
        counts: of labels and predictions.
        delay_s: median delay of a label, seconds, where it is known.
    """
    try:
        found = labelled_quality(counts, confidence=LABELLED_CONFIDENCE)
    except NeedsLabels:
        return None
    over, error = found.overconfidence, found.calibration_error
    return LabelledReport(
        accuracy=found.accuracy.value,
        low=found.accuracy.low,
        high=found.accuracy.high,
        confidence=LABELLED_CONFIDENCE,
        f1=found.f1_macro.value,
        precision=found.precision_macro.value,
        recall=found.recall_macro.value,
        rows=found.n,
        f1_low=found.f1_macro.low,
        f1_high=found.f1_macro.high,
        coverage=found.coverage,
        delay_s=delay_s,
        overconfidence=over.value if over else None,
        overconfidence_low=over.low if over else None,
        overconfidence_high=over.high if over else None,
        calibration_error=error.value if error else None,
        calibration_error_low=error.low if error else None,
        calibration_error_high=error.high if error else None,
        reliability=tuple(_bin(each, among=len(counts.bins)) for each in counts.bins),
    )


def _bin(each: ReliabilityBin, *, among: int) -> ReliabilityReport:
    accuracy = accuracy_of(each, among=among, confidence=LABELLED_CONFIDENCE)
    return ReliabilityReport(
        rows=each.rows,
        confidence=each.confidence,
        accuracy=accuracy.value,
        low=accuracy.low,
        high=accuracy.high,
    )


def counts_of_tally(tally: LabelTally, *, classes: Sequence[str], predictions: int) -> LabelCounts:
    """The database's counts as a confusion matrix; labels that are no class of the model are left out.

    Args:
        tally: from the database.
        classes: the model's.
        predictions: all of the window, labelled or not.
    """
    index = {name: number for number, name in enumerate(classes)}
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    for (label, predicted), count in tally.counts.items():
        if label in index and predicted in index:
            confusion[index[label], index[predicted]] += count
    every = sum(tally.counts.values())
    told = every == confusion.sum() and tally.confidence_sum is not None
    return LabelCounts(
        classes=tuple(classes),
        confusion=confusion,
        rows=predictions,
        mean_confidence=_mean(tally, every) if told else None,
        bins=tuple(ReliabilityBin(*each) for each in tally.bins) if told else (),
    )


def _mean(tally: LabelTally, rows: int) -> float | None:
    return tally.confidence_sum / rows if rows and tally.confidence_sum is not None else None
