"""Queries of panels: PromQL and SQL, each bound to a variable that holds its data source."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from dashboards.scope import POSTGRES, PROMETHEUS


@dataclass(frozen=True, slots=True)
class Target:
    """One query.

    Attributes:
        source: reference to the data source.
        query: PromQL or SQL.
        options: what else Grafana must know of it.
    """

    source: dict[str, str]
    query: str
    options: dict[str, Any] = field(default_factory=dict)

    def to_json(self, ref: str) -> dict[str, Any]:
        """The target as a panel holds it, under its letter."""
        key = "expr" if self.source == PROMETHEUS else "rawSql"
        return {"refId": ref, "datasource": self.source, key: self.query, **self.options}


def series(expr: str, legend: str = "__auto", *, interval: str = "") -> Target:
    """PromQL over the time range; `interval` is the shortest step."""
    return Target(PROMETHEUS, expr, {"range": True, "legendFormat": legend, "interval": interval})


def latest(expr: str, legend: str = "__auto", *, interval: str = "") -> Target:
    """PromQL at the end of the time range."""
    return Target(
        PROMETHEUS, expr, {"instant": True, "range": False, "legendFormat": legend, "interval": interval}
    )


def latest_table(expr: str) -> Target:
    """PromQL at the end of the time range, labels as columns."""
    return Target(PROMETHEUS, expr, {"instant": True, "range": False, "format": "table"})


def heat(expr: str) -> Target:
    """PromQL of a histogram's buckets."""
    return Target(PROMETHEUS, expr, {"range": True, "legendFormat": "{{le}}", "format": "heatmap"})


def sql(query: str, kind: Literal["table", "time_series"] = "table") -> Target:
    """SQL; a time series has the columns `time`, perhaps `metric`, and numbers."""
    return Target(POSTGRES, " ".join(query.split()), {"format": kind, "rawQuery": True, "editorMode": "code"})
