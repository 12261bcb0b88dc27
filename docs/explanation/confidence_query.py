"""Simulates the guide's confidence query beside a mean of the window, and draws both.

`python docs/explanation/confidence_query.py` writes docs/images/confidence-query.svg and prints the table of
confidence-query.md; a test compares both with what is committed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markupsafe import Markup

from modelmonitor.report import svg
from modelmonitor.report.svg import Point

PICTURE: Final = Path(__file__).resolve().parents[1] / "images/confidence-query.svg"
BEFORE: Final = 0.92
AFTER: Final = 0.55
SCRAPE_S: Final = 15
WINDOW: Final = 300 // SCRAPE_S
HOUR: Final = 3600 // SCRAPE_S
_WIDTH, _HEIGHT, _LEFT, _BASE, _TOP = 720.0, 300.0, 56.0, 250.0, 24.0
_HOURS_DRAWN: Final = 24.0
_LOW, _HIGH = 0.5, 1.0
_STYLE: Final = """
  text { font: 13px sans-serif; fill: #555; }
  polyline { fill: none; stroke-width: 2.5; }
  .guide { stroke: #c2410c; }
  .window { stroke: #1d6fd1; }
  .bound { stroke: #999; stroke-dasharray: 4 4; }
  @media (prefers-color-scheme: dark) { text { fill: #bbb; } }
"""


@dataclass(frozen=True, slots=True)
class Counters:
    """Two counters as Prometheus scrapes them, one value each 15 s, since the process began."""

    total: list[float]
    count: list[float]


def counters(*, healthy_hours: float, hours_after: float) -> Counters:
    """A steady prediction a second with confidence 0.92, and 0.55 from a moment on."""
    total, count = [0.0], [0.0]
    for step in range(round((healthy_hours + hours_after) * HOUR)):
        confidence = BEFORE if step < healthy_hours * HOUR else AFTER
        total.append(total[-1] + confidence * SCRAPE_S)
        count.append(count[-1] + SCRAPE_S)
    return Counters(total, count)


def guide(seen: Counters, at: int) -> float:
    """`avg_over_time(…_sum[5m]) / avg_over_time(…_count[5m])` at a scrape."""
    samples = slice(at - WINDOW + 1, at + 1)
    return sum(seen.total[samples]) / sum(seen.count[samples])


def window_mean(seen: Counters, at: int) -> float:
    """`rate(…_sum[5m]) / rate(…_count[5m])` at a scrape."""
    first = at - WINDOW
    return (seen.total[at] - seen.total[first]) / (seen.count[at] - seen.count[first])


def hours_until(bound: float, *, healthy_hours: float) -> float:
    """Hours after the collapse until the guide's query is below a bound."""
    seen = counters(healthy_hours=healthy_hours, hours_after=21 * 24)
    collapse = round(healthy_hours * HOUR)
    below = (at for at in range(collapse, len(seen.count)) if guide(seen, at) < bound)
    return (next(below, sys.maxsize) - collapse) / HOUR


def table() -> str:
    """The figures of the page, as its Markdown table."""
    seen = counters(healthy_hours=24, hours_after=24)
    rows = [("5 minutes", 5 / 60), ("1 hour", 1.0), ("6 hours", 6.0), ("24 hours", 24.0)]
    lines = ["| after | the guide's query | mean of the window |", "| --- | --- | --- |"]
    for name, hours in rows:
        at = round((24 + hours) * HOUR)
        lines.append(f"| {name} | {guide(seen, at):.3f} | {window_mean(seen, at):.3f} |")
    return "\n".join(lines) + "\n"


def drawing() -> str:
    """Both queries over the day after a day of health, as SVG."""
    seen = counters(healthy_hours=24, hours_after=_HOURS_DRAWN)
    steps = range(round(24 * HOUR), len(seen.count), WINDOW)
    lines = [
        svg.polyline([_place(at, query(seen, at)) for at in steps], kind=kind)
        for kind, query in (("guide", guide), ("window", window_mean))
    ]
    picture = svg.picture(
        "confidence-query",
        "After a collapse from 0.92 to 0.55 the mean of the window shows 0.55 within five minutes; "
        "the guide's query is still above 0.7 a day later.",
        svg.element("style", _STYLE),
        *_bounds(),
        *lines,
        svg.label((_WIDTH - 8, _y(0.79)), "the guide's query", anchor="end"),
        svg.label((_WIDTH - 8, _y(0.525)), "mean of the window", anchor="end"),
        *(svg.label((_x(hour), _BASE + 20), f"{hour} h", anchor="middle") for hour in (0, 6, 12, 18, 24)),
        size=(_WIDTH + 24, _HEIGHT - 20),
    )
    return str(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _bounds() -> list[Markup]:
    marks = ((0.8, "0.8 warning"), (0.6, "0.6 critical"))
    return [
        drawn
        for value, name in marks
        for drawn in (
            svg.line((_LEFT, _y(value)), (_WIDTH, _y(value)), kind="bound"),
            svg.label((_WIDTH / 2, _y(value) - 6), name, anchor="middle"),
        )
    ] + [svg.label((_LEFT - 8, _y(value) + 4), f"{value:.1f}", anchor="end") for value in (0.5, 0.7, 0.9)]


def _place(at: int, value: float) -> Point:
    return _x(at / HOUR - 24), _y(value)


def _x(hours: float) -> float:
    return _LEFT + (_WIDTH - _LEFT) * hours / _HOURS_DRAWN


def _y(value: float) -> float:
    return _BASE - (_BASE - _TOP) * (value - _LOW) / (_HIGH - _LOW)


def main() -> None:
    """Write the picture, print the figures."""
    PICTURE.write_text(drawing(), encoding="utf-8")
    waits = ", ".join(f"{bound}: {hours_until(bound, healthy_hours=168):.1f} h" for bound in (0.8, 0.7))
    sys.stdout.write(f"{table()}\nafter 7 healthy days below {waits}\n")


if __name__ == "__main__":
    main()
