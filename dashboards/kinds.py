"""Kinds of panels with the settings that make them readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from dashboards.panel import Panel
from dashboards.targets import Target

_LAST: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_TABLE_LEGEND: Final = {
    "displayMode": "table",
    "placement": "bottom",
    "calcs": ["lastNotNull", "max"],
    "showLegend": True,
}
_LIST_LEGEND: Final = {"displayMode": "list", "placement": "bottom", "calcs": [], "showLegend": True}
_PALETTE: Final = {"mode": "palette-classic"}
# Colours of the guide's classes; others take theirs from the palette.
_CLASSES: Final = {"POSITIVE": "green", "NEGATIVE": "red"}
CLASS_COLORS: Final = tuple(
    {
        "matcher": {"id": "byName", "options": name},
        "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": color}}],
    }
    for name, color in _CLASSES.items()
)

More = Any  # the fields of Panel, handed on


def stat(title: str, description: str, *targets: Target, unit: str = "short", **more: More) -> Panel:
    """One large number, coloured by its thresholds."""
    options = {"reduceOptions": _LAST, "colorMode": "background", "graphMode": "area", "textMode": "auto"}
    return Panel(
        "stat",
        title,
        description,
        targets,
        unit,
        **_fields({"options": options, "width": 6, "height": 5}, more),
    )


def gauge(title: str, description: str, *targets: Target, unit: str = "percentunit", **more: More) -> Panel:
    """A share on a dial from 0 to 1."""
    options = {"reduceOptions": _LAST, "showThresholdMarkers": True, "showThresholdLabels": False}
    return Panel(
        "gauge",
        title,
        description,
        targets,
        unit,
        **_fields({"options": options, "defaults": {"min": 0, "max": 1}}, more),
    )


def lines(
    title: str,
    description: str,
    *targets: Target,
    unit: str = "short",
    custom: Mapping[str, Any] | None = None,
    low: float | None = 0,
    high: float | None = None,
    thresholds: str = "off",
    table: bool = False,
    **more: More,
) -> Panel:
    """Lines over time.

    Args:
        title: as of every panel.
        description: as of every panel.
        *targets: the queries.
        unit: as of every panel.
        custom: settings of the drawing beyond these.
        low: where the axis begins; None leaves it to the data.
        high: where the axis ends.
        thresholds: how thresholds are drawn: off, line, dashed or area.
        table: the legend shows the last and the highest value.
        **more: fields of Panel.
    """
    drawing = {"lineWidth": 1, "fillOpacity": 8, "showPoints": "auto", "spanNulls": False}
    limits = {name: bound for name, bound in (("min", low), ("max", high)) if bound is not None}
    defaults = {
        "color": _PALETTE,
        "custom": {**drawing, "thresholdsStyle": {"mode": thresholds}, **(custom or {})},
        **limits,
    }
    options = {
        "legend": _TABLE_LEGEND if table else _LIST_LEGEND,
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel(
        "timeseries",
        title,
        description,
        targets,
        unit,
        **_fields({"options": options, "defaults": defaults}, more),
    )


def stacked(title: str, description: str, *targets: Target, unit: str, **more: More) -> Panel:
    """Lines on top of each other, for parts of a whole."""
    custom = {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 40}
    return lines(title, description, *targets, unit=unit, custom=custom, **more)


def pie(title: str, description: str, *targets: Target, unit: str = "short", **more: More) -> Panel:
    """Shares of a whole."""
    legend = {
        "displayMode": "table",
        "placement": "right",
        "values": ["value", "percent"],
        "showLegend": True,
    }
    options = {"reduceOptions": _LAST, "pieType": "pie", "legend": legend, "displayLabels": ["percent"]}
    defaults = {"color": _PALETTE}
    return Panel(
        "piechart",
        title,
        description,
        targets,
        unit,
        **_fields({"options": options, "defaults": defaults}, more),
    )


def table(title: str, description: str, *targets: Target, unit: str = "short", **more: More) -> Panel:
    """Rows and columns."""
    defaults = {"custom": {"align": "auto", "cellOptions": {"type": "auto"}, "filterable": True}}
    options = {"showHeader": True, "cellHeight": "sm", "footer": {"show": False}}
    return Panel(
        "table",
        title,
        description,
        targets,
        unit,
        **_fields({"options": options, "defaults": defaults, "width": 24}, more),
    )


def states(title: str, description: str, *targets: Target, unit: str = "short", **more: More) -> Panel:
    """States over time, one band a series."""
    options = {"mergeValues": True, "showValue": "auto", "rowHeight": 0.8, "legend": _LIST_LEGEND}
    defaults = {"custom": {"fillOpacity": 80, "lineWidth": 0}}
    return Panel(
        "state-timeline",
        title,
        description,
        targets,
        unit,
        **_fields({"options": options, "defaults": defaults, "width": 24}, more),
    )


def heatmap(title: str, description: str, *targets: Target, unit: str, **more: More) -> Panel:
    """A histogram over time."""
    scheme = {"mode": "scheme", "scheme": "Oranges", "steps": 64, "exponent": 0.5}
    options = {"calculate": False, "color": scheme, "yAxis": {"unit": unit}, "legend": {"show": True}}
    return Panel("heatmap", title, description, targets, unit, **_fields({"options": options}, more))


def bars(title: str, description: str, *targets: Target, unit: str, x_field: str, **more: More) -> Panel:
    """A bar for each value of a column, beside each other."""
    options = {"xField": x_field, "orientation": "vertical", "legend": _LIST_LEGEND, "showValue": "auto"}
    defaults = {"color": _PALETTE, "custom": {"fillOpacity": 60}}
    return Panel(
        "barchart",
        title,
        description,
        targets,
        unit,
        **_fields({"options": options, "defaults": defaults}, more),
    )


def _fields(own: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    return {**own, **more}
