"""The pictures of the report: pure functions of values to SVG, coloured by CSS classes of the page.

Drawn 360 units wide, about the width of a telephone, so that their letters stay readable there.
"""

from __future__ import annotations

import math
from typing import Final

from markupsafe import Markup

from modelmonitor.report import svg
from modelmonitor.report.check import FindingReport
from modelmonitor.report.model import HistogramReport, MomentReport
from modelmonitor.report.svg import Point

_SIZE: Final = (360.0, 172.0)
_LEFT: Final = 34.0
_RIGHT: Final = 352.0
_TOP: Final = 10.0
_BASE: Final = 150.0
_AXIS: Final = 166.0


def histograms(chart: HistogramReport) -> Markup:
    """Confidence of reference (outline) and window (filled) over the same bins, means marked."""
    top = max((*chart.reference, *chart.window), default=0.0) or 1.0
    first, last = chart.edges[0], chart.edges[-1]
    return svg.picture(
        "chart-confidence",
        f"Histogram of confidence. Mean of the reference {chart.reference_mean:.1%}, "
        f"of the window {chart.window_mean:.1%}.",
        *_shares(0.0, top),
        *_bars(chart, top),
        svg.polyline(_outline(chart, top), kind="line-reference"),
        _mean(_place(chart.reference_mean, chart.edges), "mean-reference"),
        _mean(_place(chart.window_mean, chart.edges), "mean-window"),
        svg.label((_LEFT, _AXIS), f"{first:.0%}"),
        svg.label((_x(0.5), _AXIS), f"{(first + last) / 2:.0%}", anchor="middle"),
        svg.label((_RIGHT, _AXIS), f"{last:.0%}", anchor="end"),
        size=_SIZE,
    )


def moments(series: tuple[MomentReport, ...]) -> Markup:
    """Mean confidence over the window's time; slices without predictions leave a gap."""
    known = [moment.confidence for moment in series if moment.confidence is not None]
    if not known:
        return Markup("")
    low = max(math.floor(min(known) * 10 - 0.5) / 10, 0.0)
    runs = _runs(series, low)
    return svg.picture(
        "chart-moments",
        f"Mean confidence over the window, from {min(known):.1%} to {max(known):.1%}.",
        *_shares(low, 1.0),
        *(svg.polyline(run, kind="line-window") for run in runs),
        *(svg.dot(point, kind="dot-window") for run in runs for point in run),
        svg.label((_LEFT, _AXIS), f"{series[0].start:%d %b %H:%M}"),
        svg.label((_RIGHT, _AXIS), f"{series[-1].start:%d %b %H:%M}", anchor="end"),
        size=_SIZE,
    )


def diverging_bar(value: float, limit: float) -> Markup:
    """A bar left or right of a middle line; decoration of a table cell that holds the number itself."""
    length = 50.0 * min(abs(value) / (limit or 1.0), 1.0)
    start = 50.0 if value >= 0 else 50.0 - length
    return _decoration(
        svg.rectangle((start, 2), (length, 8), kind="bar-window" if value >= 0 else "bar-reference"),
        svg.line((50, 0), (50, 12), kind="axis"),
    )


def pair_bar(reference: float, window: float) -> Markup:
    """Two shares (0 to 1), reference over window; decoration of a table row that holds the numbers."""
    return _decoration(
        svg.rectangle((0, 0), (100 * reference, 5), kind="bar-reference"),
        svg.rectangle((0, 7), (100 * window, 5), kind="bar-window"),
    )


def effect_scale(finding: FindingReport) -> Markup:
    """The effect on a scale with the warning and critical thresholds marked; decoration of a table row."""
    effect, borders = abs(finding.effect_size), (finding.effect_warning, finding.effect_critical)
    full = 1.25 * max(effect, *borders, 1e-9)
    marks = [100 * border / full for border in borders]
    return _decoration(
        svg.rectangle((0, 4), (100, 4), kind="rail"),
        svg.rectangle((0, 4), (100 * effect / full, 4), kind=f"fill-{finding.verdict.rank}"),
        *(svg.line((mark, 0), (mark, 12), kind="mark") for mark in marks),
    )


def _decoration(*children: Markup) -> Markup:
    hidden = {"preserveAspectRatio": "none", "aria-hidden": "true", "focusable": "false"}
    return svg.element("svg", *children, viewBox="0 0 100 12", class_="cell", **hidden)


def _x(share: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * share


def _y(share: float) -> float:
    return _BASE - (_BASE - _TOP) * share


def _place(value: float, edges: tuple[float, ...]) -> float:
    return _x((value - edges[0]) / (edges[-1] - edges[0]))


def _bars(chart: HistogramReport, top: float) -> list[Markup]:
    edges = [_place(edge, chart.edges) for edge in chart.edges]
    return [
        svg.rectangle(
            (left + 0.5, _y(share / top)), (right - left - 1, _BASE - _y(share / top)), kind="bar-window"
        )
        for left, right, share in zip(edges, edges[1:], chart.window, strict=False)
    ]


def _outline(chart: HistogramReport, top: float) -> list[Point]:
    edges = [_place(edge, chart.edges) for edge in chart.edges]
    steps = [
        (x, _y(share / top))
        for left, right, share in zip(edges, edges[1:], chart.reference, strict=False)
        for x in (left, right)
    ]
    return [(_LEFT, _BASE), *steps, (_RIGHT, _BASE)]


def _mean(x: float, kind: str) -> Markup:
    return svg.line((x, _TOP), (x, _BASE), kind=kind)


def _shares(low: float, high: float) -> list[Markup]:
    return [
        mark
        for share in (0.0, 0.5, 1.0)
        for mark in (
            svg.line((_LEFT, _y(share)), (_RIGHT, _y(share)), kind="grid"),
            svg.label((_LEFT - 5, _y(share) + 4), f"{low + share * (high - low):.0%}", anchor="end"),
        )
    ]


def _runs(series: tuple[MomentReport, ...], low: float) -> list[list[Point]]:
    runs: list[list[Point]] = [[]]
    steps = max(len(series) - 1, 1)
    for index, moment in enumerate(series):
        if moment.confidence is None:
            runs.append([])
        else:
            runs[-1].append((_x(index / steps), _y((moment.confidence - low) / (1 - low or 1.0))))
    return [run for run in runs if run]
