"""A panel as a value, and the parts that all kinds of panels share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Final

from dashboards.targets import Target
from modelmonitor.rules.groups import RUNBOOKS

GREEN: Final = "green"
YELLOW: Final = "yellow"
RED: Final = "red"
BLUE: Final = "blue"
Steps = Sequence[tuple[float | None, str]]
# The guide's table: confidence is better when higher, shares and times when lower.
CONFIDENCE_STEPS: Final[Steps] = ((None, RED), (0.6, YELLOW), (0.8, GREEN))
LOW_SHARE_STEPS: Final[Steps] = ((None, GREEN), (0.1, YELLOW), (0.3, RED))
LATENCY_STEPS: Final[Steps] = ((None, GREEN), (0.1, YELLOW), (0.5, RED))
ERROR_STEPS: Final[Steps] = ((None, GREEN), (0.0001, YELLOW), (0.01, RED))
ANY_IS_BAD: Final[Steps] = ((None, GREEN), (1, RED))
ANY_IS_GOOD: Final[Steps] = ((None, RED), (1, GREEN))
NEUTRAL: Final[Steps] = ((None, BLUE),)
SEVERITIES: Final = {"0": ("No drift", GREEN), "1": ("Warning", YELLOW), "2": ("Critical", RED)}


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel; the dashboard gives it its id and place.

    Attributes:
        kind: Grafana's name of the visualisation.
        title: what is shown, without a unit.
        description: what it means and what to do about it, one or two sentences.
        unit: Grafana's name of the unit.
        steps: thresholds from low to high with their colours, the first without a number.
        options: of the visualisation.
        defaults: more field defaults.
        overrides: fields that are shown in another way.
        mappings: values shown as words, value -> (word, colour).
        alert: whose runbook is linked.
        width: columns of 24.
        height: in grid rows.
    """

    kind: str
    title: str
    description: str
    targets: tuple[Target, ...]
    unit: str
    steps: Steps = NEUTRAL
    options: Mapping[str, Any] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    overrides: tuple[dict[str, Any], ...] = ()
    mappings: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    transformations: tuple[dict[str, Any], ...] = ()
    alert: str = ""
    width: int = 8
    height: int = 8

    def to_json(self, *, number: int, x: int, y: int) -> dict[str, Any]:
        """The panel in a dashboard."""
        return {
            "id": number,
            "type": self.kind,
            "title": self.title,
            "description": self.description,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "datasource": self.targets[0].source,
            "targets": [
                target.to_json(letter) for letter, target in zip(ascii_uppercase, self.targets, strict=False)
            ],
            "fieldConfig": {"defaults": self._field_defaults(), "overrides": list(self.overrides)},
            "options": dict(self.options),
            "transformations": list(self.transformations),
            "links": self._links(),
        }

    def _field_defaults(self) -> dict[str, Any]:
        steps = [{"value": value, "color": color} for value, color in self.steps]
        return {
            "unit": self.unit,
            "color": {"mode": "thresholds"},
            "thresholds": {"mode": "absolute", "steps": steps},
            "mappings": value_mappings(self.mappings) if self.mappings else [],
            **self.defaults,
        }

    def _links(self) -> list[dict[str, Any]]:
        if not self.alert:
            return []
        return [{"title": f"Runbook: {self.alert}", "url": f"{RUNBOOKS}/{self.alert}", "targetBlank": True}]


def value_mappings(words: Mapping[str, tuple[str, str]]) -> list[dict[str, Any]]:
    """Values shown as coloured words."""
    options = {
        value: {"text": word, "color": color, "index": index}
        for index, (value, (word, color)) in enumerate(words.items())
    }
    return [{"type": "value", "options": options}]


def by_name(name: str, **properties: Any) -> dict[str, Any]:  # noqa: ANN401 - values of Grafana's properties
    """An override of the field of that name; `custom_width=3` stands for the property custom.width."""
    listed = [{"id": key.replace("_", ".", 1), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": "byName", "options": name}, "properties": listed}
