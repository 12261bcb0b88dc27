"""Histograms and bars of the report: pure functions of values to SVG, coloured by CSS classes of the page."""

from __future__ import annotations

from markupsafe import Markup

from modelmonitor.report import svg
from modelmonitor.report.check import FindingReport
from modelmonitor.report.frame import AXIS, BASE, LEFT, RIGHT, SIZE, TOP, across, shares, up
from modelmonitor.report.model import HistogramReport
from modelmonitor.report.svg import Point


def histograms(chart: HistogramReport) -> Markup:
    """Confidence of reference (outline) and window (filled) over the same bins, means marked."""
    top = max((*chart.reference, *chart.window), default=0.0) or 1.0
    first, last = chart.edges[0], chart.edges[-1]
    return svg.picture(
        "chart-confidence",
        f"Histogram of confidence. Mean of the reference {chart.reference_mean:.1%}, "
        f"of the window {chart.window_mean:.1%}.",
        *shares(0.0, top),
        *_bars(chart, top),
        svg.polyline(_outline(chart, top), kind="line-reference"),
        _mean(_place(chart.reference_mean, chart.edges), "mean-reference"),
        _mean(_place(chart.window_mean, chart.edges), "mean-window"),
        svg.label((LEFT, AXIS), f"{first:.0%}"),
        svg.label((across(0.5), AXIS), f"{(first + last) / 2:.0%}", anchor="middle"),
        svg.label((RIGHT, AXIS), f"{last:.0%}", anchor="end"),
        size=SIZE,
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


def _place(value: float, edges: tuple[float, ...]) -> float:
    return across((value - edges[0]) / (edges[-1] - edges[0]))


def _bars(chart: HistogramReport, top: float) -> list[Markup]:
    edges = [_place(edge, chart.edges) for edge in chart.edges]
    return [
        svg.rectangle(
            (left + 0.5, up(share / top)), (right - left - 1, BASE - up(share / top)), kind="bar-window"
        )
        for left, right, share in zip(edges, edges[1:], chart.window, strict=False)
    ]


def _outline(chart: HistogramReport, top: float) -> list[Point]:
    edges = [_place(edge, chart.edges) for edge in chart.edges]
    steps = [
        (x, up(share / top))
        for left, right, share in zip(edges, edges[1:], chart.reference, strict=False)
        for x in (left, right)
    ]
    return [(LEFT, BASE), *steps, (RIGHT, BASE)]


def _mean(x: float, kind: str) -> Markup:
    return svg.line((x, TOP), (x, BASE), kind=kind)
