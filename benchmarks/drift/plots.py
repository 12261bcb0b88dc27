"""Small line charts as SVG, without a plotting library: readable on white and on dark pages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Final

_PANEL: Final = (250, 190)
_MARGIN: Final = (46, 30, 14, 34)
_COLOURS: Final = (
    "#0b6e4f", "#c1440e", "#7a3e9d", "#1f77b4", "#b8860b", "#d62784", "#555555", "#17a2a2", "#8c564b"
)  # fmt: skip
_LEGEND_ROW: Final = 16


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: named lines over a logarithmic axis.

    Attributes:
        title: above it.
        lines: by name, points (x > 0, y in 0 to 1) in the order of x.
    """

    title: str
    lines: Mapping[str, Sequence[tuple[float, float]]]


def write_panels(file: Path, panels: Sequence[Panel], *, bold: str, x_label: str, y_label: str) -> None:
    """Draw the panels side by side with one legend; the line named `bold` is drawn thick."""
    names = list(dict.fromkeys(name for panel in panels for name in panel.lines))
    width = _PANEL[0] * len(panels)
    height = _PANEL[1] + _LEGEND_ROW * math.ceil(len(names) / 4) + 10
    drawn = [
        f'<g transform="translate({_PANEL[0] * number},0)">{_panel(panel, names, bold, x_label, y_label)}</g>'
        for number, panel in enumerate(panels)
    ]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        f'font-size="11"><rect width="{width}" height="{height}" fill="white"/>{"".join(drawn)}'
        f"{_legend(names, bold)}</svg>\n",
        "utf-8",
    )


def power_panels(records: Sequence[Mapping[str, Any]], *, tools: Sequence[str]) -> list[Panel]:
    """A panel for each foreign share: power over the rows of the window."""
    shares = sorted({record["share"] for record in records})
    return [
        Panel(
            f"{share:.0%} foreign texts",
            {
                tool: sorted(
                    (record["n"], record["power"])
                    for record in records
                    if record["tool"] == tool and record["share"] == share
                )
                for tool in tools
            },
        )
        for share in shares
    ]


def _panel(panel: Panel, names: Sequence[str], bold: str, x_label: str, y_label: str) -> str:
    left, top, right, bottom = _MARGIN
    xs = [x for points in panel.lines.values() for x, _ in points]
    low, high = math.log(min(xs)), math.log(max(xs))

    def place(x: float, y: float) -> str:
        across = (math.log(x) - low) / ((high - low) or 1.0)
        return (
            f"{left + across * (_PANEL[0] - left - right):.1f},"
            f"{top + (1.0 - y) * (_PANEL[1] - top - bottom):.1f}"
        )

    parts = [f'<text x="{_PANEL[0] / 2}" y="18" text-anchor="middle" font-weight="bold">{panel.title}</text>']
    for y in (0.0, 0.5, 1.0):
        start, end = place(math.exp(low), y), place(math.exp(high), y)
        parts.append(f'<path d="M{start}L{end}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{left - 6}" y="{float(start.split(",")[1]) + 4}" text-anchor="end">{y:g}</text>'
        )
    parts += [
        f'<text x="{place(x, 0).split(",")[0]}" y="{_PANEL[1] - bottom + 15}" text-anchor="middle">'
        f"{x:,g}</text>"
        for x in sorted(set(xs))
    ]
    parts.append(f'<text x="{_PANEL[0] / 2}" y="{_PANEL[1] - 4}" text-anchor="middle">{x_label}</text>')
    turned = f"translate(12,{_PANEL[1] / 2}) rotate(-90)"
    parts.append(f'<text transform="{turned}" text-anchor="middle">{y_label}</text>')
    for name, points in panel.lines.items():
        if points:
            path = "L".join(place(x, y) for x, y in points)
            parts.append(f'<path d="M{path}" fill="none" {_stroke(name, names, bold)}/>')
    return "".join(parts)


def _stroke(name: str, names: Sequence[str], bold: str) -> str:
    colour = _COLOURS[names.index(name) % len(_COLOURS)]
    return f'stroke="{colour}" stroke-width="{3.5 if name == bold else 1.3}"'


def _legend(names: Sequence[str], bold: str) -> str:
    parts = []
    for number, name in enumerate(names):
        x, y = 14 + _PANEL[0] * (number % 4), _PANEL[1] + 14 + _LEGEND_ROW * (number // 4)
        parts.append(f'<path d="M{x},{y - 4}h24" {_stroke(name, names, bold)}/>')
        parts.append(f'<text x="{x + 30}" y="{y}">{escape(name.strip("*"))}</text>')
    return "".join(parts)
