"""A dashboard as a value: rows of panels, variables, annotations and links, as classic JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from dashboards.marks import marks
from dashboards.panel import Panel
from dashboards.scope import Scope

# Grafana 13 migrates it on load; files in the schema of version 2 are refused by its file provisioning.
SCHEMA_VERSION: Final = 41
TAG: Final = "modelmonitor"


@dataclass(frozen=True, slots=True)
class Section:
    """Rows of panels under a heading; without a title no heading."""

    title: str
    rows: Sequence[Sequence[Panel]]


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard.

    Attributes:
        uid: its fixed address, also the name of its file.
        since: start of the time range when it is opened.
        refresh: how often it asks again.
        more_variables: beyond data sources, namespace and monitor.
    """

    uid: str
    title: str
    description: str
    scope: Scope
    sections: Sequence[Section]
    since: str = "now-24h"
    refresh: str = "1m"
    more_variables: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The dashboard as Grafana loads it from a file."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": True,
            "graphTooltip": 1,
            "timezone": "browser",
            "time": {"from": self.since, "to": "now"},
            "refresh": self.refresh,
            "templating": {"list": self.scope.variables(*self.more_variables)},
            "annotations": {"list": marks(self.scope)},
            "links": [_to_the_others()],
            "panels": _placed(self.sections),
        }


def _to_the_others() -> dict[str, Any]:
    kept = {"keepTime": True, "includeVars": True}
    return {
        "type": "dashboards",
        "title": "Monitoring",
        "tags": [TAG],
        "asDropdown": False,
        "icon": "external link",
        **kept,
    }


def _placed(sections: Sequence[Section]) -> list[dict[str, Any]]:
    panels: list[dict[str, Any]] = []
    y = 0
    for section in sections:
        if section.title:
            panels.append(_heading(section.title, number=len(panels) + 1, y=y))
            y += 1
        for row in section.rows:
            x = 0
            for panel in row:
                panels.append(panel.to_json(number=len(panels) + 1, x=x, y=y))
                x += panel.width
            y += max(panel.height for panel in row)
    return panels


def _heading(title: str, *, number: int, y: int) -> dict[str, Any]:
    place = {"x": 0, "y": y, "w": 24, "h": 1}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}
