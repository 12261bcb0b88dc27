"""One rule for Prometheus as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from modelmonitor.api.alerts import AlertSeverity


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """A query whose result is kept under a name of its own."""

    record: str
    expr: str

    def to_manifest(self) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        return {"record": self.record, "expr": self.expr}


@dataclass(frozen=True, slots=True)
class AlertRule:
    """A query that alerts while it has a result.

    Attributes:
        alert: name, in one word.
        severity: value of the label severity.
        hold: how long the query must have a result before the alert fires, such as 10m.
        summary: one line; Prometheus fills in `{{ }}`.
        description: what happened and what it means, one or two sentences.
        keep: how long the alert goes on after the query has no result.
        labels: more labels.
        annotations: more annotations.
        custom: whether a person wrote the query in place of ours.
    """

    alert: str
    severity: AlertSeverity
    hold: str
    expr: str
    summary: str
    description: str
    keep: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    custom: bool = False

    def to_manifest(self) -> dict[str, Any]:
        """The rule as Prometheus reads it."""
        keep = {"keep_firing_for": self.keep} if self.keep else {}
        return {
            "alert": self.alert,
            "expr": self.expr,
            "for": self.hold,
            **keep,
            "labels": {**self.labels, "severity": self.severity},
            "annotations": {"summary": self.summary, "description": self.description, **self.annotations},
        }
