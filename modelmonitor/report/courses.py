"""What a share did over a window's time: a line with its interval, beside what the reference had."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from markupsafe import Markup

from modelmonitor.report import svg
from modelmonitor.report.frame import AXIS, LEFT, RIGHT, SIZE, across, shares, up
from modelmonitor.report.model import AccuracyMomentReport, MomentReport
from modelmonitor.report.quality import EstimateReport
from modelmonitor.report.svg import Point

_STEP: Final = 0.1


@dataclass(frozen=True, slots=True)
class _Slice:
    """A share and its interval, 0 to 1; None where the slice holds nothing."""

    start: datetime
    value: float | None
    low: float | None
    high: float | None


def confidence(series: tuple[MomentReport, ...], *, reference: float | None) -> Markup:
    """Mean confidence of each slice with its 95 % interval, and the reference's mean; empty without rows."""
    slices = [_Slice(each.start, each.confidence, each.low, each.high) for each in series]
    known = [each.value for each in slices if each.value is not None]
    if not known:
        return Markup("")
    title = f"Mean confidence over the window, from {min(known):.1%} to {max(known):.1%}."
    return _drawn("chart-moments", title, slices, reference=reference, expected=None)


def accuracy(series: tuple[AccuracyMomentReport, ...], *, estimate: EstimateReport | None) -> Markup:
    """Measured accuracy of each slice with its interval, over the range that was estimated without labels."""
    slices = [_Slice(each.start, each.accuracy, each.low, each.high) for each in series]
    known = [each.value for each in slices if each.value is not None]
    if not known:
        return Markup("")
    title = f"Measured accuracy over the window, from {min(known):.1%} to {max(known):.1%}."
    reference = estimate.reference_accuracy if estimate else None
    expected = (estimate.low, estimate.high) if estimate else None
    return _drawn("chart-accuracy", title, slices, reference=reference, expected=expected)


def _drawn(
    identity: str,
    title: str,
    slices: Sequence[_Slice],
    *,
    reference: float | None,
    expected: tuple[float, float] | None,
) -> Markup:
    bottom = _bottom(slices, (reference, *(expected or ())))
    return svg.picture(
        identity,
        title,
        *_expected(expected, bottom),
        *shares(bottom, 1.0),
        *_reference(reference, bottom),
        *_lines(slices, bottom),
        svg.label((LEFT, AXIS), f"{slices[0].start:%d %b %H:%M}"),
        svg.label((RIGHT, AXIS), f"{slices[-1].start:%d %b %H:%M}", anchor="end"),
        size=SIZE,
    )


def _bottom(slices: Sequence[_Slice], others: Sequence[float | None]) -> float:
    """The lowest share that is drawn, rounded down, so that the line uses the height there is."""
    values = [each.value if each.low is None else each.low for each in slices]
    lowest = min(value for value in (*values, *others) if value is not None)
    return min(max(math.floor(lowest / _STEP) * _STEP, 0.0), 1.0 - _STEP)


def _expected(bounds: tuple[float, float] | None, bottom: float) -> list[Markup]:
    if bounds is None:
        return []
    low, high = (_height(bound, bottom) for bound in bounds)
    return [svg.rectangle((LEFT, high), (RIGHT - LEFT, low - high), kind="band-expected")]


def _reference(value: float | None, bottom: float) -> list[Markup]:
    if value is None:
        return []
    height = _height(value, bottom)
    return [svg.line((LEFT, height), (RIGHT, height), kind="mean-reference")]


def _lines(slices: Sequence[_Slice], bottom: float) -> list[Markup]:
    drawn: list[Markup] = []
    for run in _runs(slices):
        places = [(across(index / max(len(slices) - 1, 1)), each) for index, each in run]
        points = [(x, _height(each.value, bottom)) for x, each in places if each.value is not None]
        drawn += [*_intervals(places, bottom), svg.polyline(points, kind="line-window")]
        drawn += [svg.dot(point, kind="dot-window") for point in points]
    return drawn


def _intervals(places: Sequence[tuple[float, _Slice]], bottom: float) -> list[Markup]:
    """The band of a run of slices; a slice alone gets a bar, for a band has no width there."""
    ends = [
        (x, _height(each.low, bottom), _height(each.high, bottom))
        for x, each in places
        if each.low is not None and each.high is not None
    ]
    if len(ends) == 1:
        x, low, high = ends[0]
        return [svg.line((x, low), (x, high), kind="interval-window")]
    above: list[Point] = [(x, high) for x, _, high in ends]
    below: list[Point] = [(x, low) for x, low, _ in reversed(ends)]
    return [svg.polygon([*above, *below], kind="band-window")] if ends else []


def _runs(slices: Sequence[_Slice]) -> list[list[tuple[int, _Slice]]]:
    runs: list[list[tuple[int, _Slice]]] = [[]]
    for index, each in enumerate(slices):
        if each.value is None:
            runs.append([])
        else:
            runs[-1].append((index, each))
    return [run for run in runs if run]


def _height(share: float, bottom: float) -> float:
    return up((share - bottom) / (1.0 - bottom))
