"""The pictures' numbers: confidence, class mix and time course of a window next to its reference."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from modelmonitor.estimate.confidence_sequence import Figure, proportion
from modelmonitor.estimate.prevalence import prevalence
from modelmonitor.health import Measured
from modelmonitor.job.window import Window
from modelmonitor.report.model import AccuracyMomentReport, ClassShareReport, HistogramReport, MomentReport
from modelmonitor.report.text import WORD_LIMIT, shown
from modelmonitor.sample import BoolArray, FloatArray, IntArray, Sample

_BINS = 20
_SLICES = 24
_NORMAL_95 = 1.96


def compare_confidence(reference: Sample, window: Sample) -> HistogramReport | None:
    """Confidence of both samples in 20 equal bins from 1/k, the least of k classes, to 1; None if unknown."""
    if not (reference.confidence_known and window.confidence_known):
        return None
    edges = np.linspace(1.0 / len(reference.classes), 1.0, _BINS + 1)
    return HistogramReport(
        edges=tuple(float(edge) for edge in edges),
        reference=_shares(reference.confidence, edges),
        window=_shares(window.confidence, edges),
        reference_mean=float(reference.confidence.mean()),
        window_mean=float(window.confidence.mean()),
    )


def compare_classes(reference: Sample, window: Sample, *, seed: int) -> tuple[ClassShareReport, ...]:
    """How often each class was predicted, and probably is true, in the model's order, with intervals."""
    size = len(reference.classes)
    before = np.bincount(reference.predicted, minlength=size) / len(reference)
    now = np.bincount(window.predicted, minlength=size)
    true = prevalence(reference, window, seed=seed)
    return tuple(
        _class_share(
            name,
            float(before[row]),
            proportion(int(now[row]), len(window)),
            true=true[row] if true else None,
        )
        for row, name in enumerate(reference.classes)
    )


def _class_share(name: str, before: float, now: Figure, *, true: Figure | None) -> ClassShareReport:
    return ClassShareReport(
        name=shown(name, WORD_LIMIT)[0],
        reference=before,
        window=now.value,
        low=now.low,
        high=now.high,
        true_share=true.value if true else None,
        true_low=true.low if true else None,
        true_high=true.high if true else None,
    )


def time_course(window: Window) -> tuple[MomentReport, ...]:
    """Rows and mean confidence, with a 95 % interval, in 24 equal slices of the window."""
    rows = window.columns
    if rows is None:
        return ()
    slices, known = _slices(window, rows), rows.confidence_known
    return tuple(
        _moment(_start(window, index), rows.confidence[slices == index], known=known)
        for index in range(_SLICES)
    )


def accuracy_course(window: Window) -> tuple[AccuracyMomentReport, ...]:
    """Accuracy on the labelled rows read of 24 equal slices of the window; empty if no row has a label."""
    rows = window.sample
    if rows is None or not rows.labelled.any():
        return ()
    right, slices = rows.predicted == rows.labels, _slices(window, rows)
    return tuple(
        _accuracy(_start(window, index), right[rows.labelled & (slices == index)]) for index in range(_SLICES)
    )


def measure(window: Sample, *, low_below: float) -> Measured:
    """The values of the guide's threshold table that a sample knows: confidence and its low share."""
    if len(window) == 0 or not window.confidence_known:
        return Measured()
    return Measured(
        confidence=float(window.confidence.mean()),
        low_confidence_share=float((window.confidence < low_below).mean()),
    )


def _shares(confidence: FloatArray, edges: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, ...]:
    # float32 rounding may put a confidence a hair outside 1/k to 1, where it would not be counted.
    counts, _ = np.histogram(np.clip(confidence, edges[0], edges[-1]), bins=edges)
    return tuple(float(share) for share in counts / len(confidence))


def _slices(window: Window, sample: Sample) -> IntArray:
    start = np.datetime64(window.start.replace(tzinfo=None), "us")
    length = (window.end - window.start) / _SLICES
    step = np.timedelta64(length // timedelta(microseconds=1), "us")
    return np.asarray((sample.predicted_at - start) // step, dtype=np.int64)


def _start(window: Window, index: int) -> datetime:
    return window.start + index * (window.end - window.start) / _SLICES


def _moment(start: datetime, confidence: FloatArray, *, known: bool) -> MomentReport:
    if not known or not len(confidence):
        return MomentReport(start=start, rows=len(confidence), confidence=None)
    mean = float(confidence.mean())
    if len(confidence) == 1:
        return MomentReport(start=start, rows=1, confidence=mean)
    half = _NORMAL_95 * float(confidence.std(ddof=1)) / len(confidence) ** 0.5
    low, high = max(mean - half, 0.0), min(mean + half, 1.0)
    return MomentReport(start=start, rows=len(confidence), confidence=mean, low=low, high=high)


def _accuracy(start: datetime, right: BoolArray) -> AccuracyMomentReport:
    if not len(right):
        return AccuracyMomentReport(start=start, rows=0)
    measured = proportion(int(right.sum()), len(right))
    return AccuracyMomentReport(
        start=start, rows=len(right), accuracy=measured.value, low=measured.low, high=measured.high
    )
