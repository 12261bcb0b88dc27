"""The text of a first ModelMonitor, with a comment for each choice that a person may want to change."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from modelmonitor.cli.past_predictions import PastPredictions

_ENOUGH_A_DAY: Final = 400
_SMALLEST: Final = 50
_NOT_TEXT: Final = {"true", "false", "yes", "no", "on", "off", "y", "n", "null"}
_OWN_IMAGE: Final = "modelmonitor"


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is known of the model when its monitor is written.

    Attributes:
        target: field of spec.target: inferenceService or service.
        capture: predictor, logger or none; who writes the prediction log.
        past: figures of past predictions, if there are.
    """

    name: str
    target: str
    capture: str
    namespace: str = ""
    past: PastPredictions | None = None


def object_name(text: str) -> str:
    """The nearest name that Kubernetes takes; empty if nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:40].strip("-")


def capture_of(service: Mapping[str, Any]) -> str:
    """Who can write the prediction log of an InferenceService: our own predictor, else KServe's logger."""
    predictor = (service.get("spec") or {}).get("predictor") or {}
    images = [str(each.get("image", "")) for each in predictor.get("containers", ()) or ()]
    return "predictor" if any(_OWN_IMAGE in image for image in images) else "logger"


def first_monitor(beginning: Beginning) -> str:
    """The YAML text."""
    space = f"\n  namespace: {_scalar(beginning.namespace)}" if beginning.namespace else ""
    lines = [
        "apiVersion: modelmonitor.io/v1alpha1",
        "kind: ModelMonitor",
        "metadata:",
        f"  name: {_scalar(beginning.name)}{space}",
        "spec:",
        "  target:",
        f"    {beginning.target}: {_scalar(beginning.name)}",
        "    # predictor: the model server logs by itself; logger: the operator sets KServe's logger;",
        "    # none: something else fills the table prediction_logs.",
        f"    capture: {beginning.capture}",
        *_reference(beginning.past),
        *_checks(beginning.past),
        *_thresholds(beginning.past),
        "  # One false alarm a month over all checks; the level of each test follows from it.",
        "  falseAlarms: {max: 1, per: 30d}",
        "  privacy:",
        "    # store: keep texts; hash: only count repeats; drop: keep nothing (no words, no examples).",
        "    input: store",
    ]
    return "\n".join(lines) + "\n"


def _reference(past: PastPredictions | None) -> list[str]:
    if past is None:
        return [
            "  # What normal looks like: the last four weeks without drift. Better: a fixed good stretch",
            "  # (window: {from: …, to: …}) or a scored data set (dataset: NAME).",
            "  reference:",
            "    rolling: {days: 28}",
        ]
    end = past.last.replace(microsecond=0) + timedelta(seconds=1)
    return [
        f"  # The {past.rows:,} predictions of the file; they must be in the table prediction_logs.",
        "  reference:",
        f'    window: {{from: "{_utc(past.first)}", to: "{_utc(end)}"}}',
    ]


def _checks(past: PastPredictions | None) -> list[str]:
    per_day = past.per_day if past else _ENOUGH_A_DAY
    days = 1 if per_day >= _ENOUGH_A_DAY else min(30, round(_ENOUGH_A_DAY / max(per_day, 1)) + 1)
    rows = max(_SMALLEST, min(200, int(per_day * days / 2)))
    lookback = f"{days}d" if days > 1 else "24h"
    why = f"about {per_day:,.0f} predictions a day" if past else "a day with at least 200 predictions"
    performance = [
        "    - name: performance # accuracy from labels: modelmonitor feedback import FILE",
        "      type: performance",
        "      schedule: 27 3 * * *",
        f"      window: {{lookback: 7d, minRows: {rows}}}",
    ]
    return [
        f"  # Once a night; each look costs a part of the false alarms below. Windows fit {why}.",
        "  checks:",
        "    - name: data # do the inputs look like the reference",
        "      type: data",
        "      schedule: 7 2 * * *",
        f"      window: {{lookback: {lookback}, minRows: {rows}}}",
        "    - name: concept # does the model answer like inputs another way than before",
        "      type: concept",
        "      schedule: 17 2 * * *",
        f"      window: {{lookback: {lookback}, minRows: {rows}}}",
        *(performance if past is None or past.labelled else _commented(performance)),
    ]


def _thresholds(past: PastPredictions | None) -> list[str]:
    warning, critical = 0.8, 0.6
    why = "the guide's bounds"
    if past is not None and past.confidence is not None:
        warning = max(0.05, round(past.confidence - 0.05, 2))
        critical = max(0.01, round(warning - 0.2, 2))
        why = f"the file's mean is {past.confidence:.3f}"
    return [
        f"  # Mean confidence below these alerts; {why}.",
        "  thresholds:",
        f'    confidence: {{warning: "{warning:g}", critical: "{critical:g}"}}',
    ]


def _commented(lines: list[str]) -> list[str]:
    return [
        "    # There were no labels in the file; with some, add:",
        *(f"    # {line[4:]}" for line in lines),
    ]


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _scalar(name: str) -> str:
    # Plain, these would be numbers, truth values or nothing to one YAML reader or another.
    plain = re.fullmatch(r"[a-z][a-z0-9-]*", name) and name not in _NOT_TEXT
    return name if plain else f'"{name}"'
