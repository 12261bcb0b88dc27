"""The threshold table of the guide: measured values in, Healthy, Warning or Critical out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Health of one row of the table; Unknown where nothing was measured."""

    HEALTHY = "Healthy"
    WARNING = "Warning"
    CRITICAL = "Critical"
    UNKNOWN = "Unknown"


_WORST_FIRST: Final = (State.CRITICAL, State.WARNING, State.UNKNOWN, State.HEALTHY)
_RED_FLAG_CONFIDENCE: Final = 0.70
_RED_FLAG_LOW_SHARE: Final = 0.30


@dataclass(frozen=True, slots=True)
class Bounds:
    """The two borders of a row, in the unit of the row (shares 0 to 1, seconds)."""

    warning: float
    critical: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Borders of every row; the defaults are the table of the guide.

    Attributes:
        confidence: mean confidence of the predicted class, 0 to 1; lower is worse.
        low_confidence_share: share of predictions under `low_confidence_below`, 0 to 1.
        latency_p95: 95th percentile of latency, seconds.
        error_rate: failed requests by all requests, 0 to 1.
        low_confidence_below: a prediction less confident than this counts as low, 0 to 1.
    """

    confidence: Bounds = Bounds(0.80, 0.60)
    low_confidence_share: Bounds = Bounds(0.10, 0.30)
    latency_p95: Bounds = Bounds(0.100, 0.500)
    error_rate: Bounds = Bounds(0.0, 0.01)
    low_confidence_below: float = 0.60


@dataclass(frozen=True, slots=True)
class Measured:
    """What was seen in a window; None where it was not measured (no traffic, no metrics at hand)."""

    confidence: float | None = None
    low_confidence_share: float | None = None
    latency_p95: float | None = None
    error_rate: float | None = None
    model_loaded: bool | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One judged row of the table.

    Attributes:
        name: the row's name in the guide, such as "Avg Confidence".
        value: the measured value (shares 0 to 1, seconds, 1.0 for a loaded model), or None.
        bounds: the borders it was held against; None for the model row.
    """

    name: str
    value: float | None
    bounds: Bounds | None
    state: State


def assess(measured: Measured, thresholds: Thresholds) -> tuple[Row, ...]:
    """Judge every row of the guide's table, in its order."""
    rows = (
        ("Avg Confidence", measured.confidence, thresholds.confidence, _higher_is_better),
        (
            "Low Confidence Rate",
            measured.low_confidence_share,
            thresholds.low_confidence_share,
            _lower_is_better,
        ),
        ("Latency (P95)", measured.latency_p95, thresholds.latency_p95, _lower_is_better),
        ("Error Rate", measured.error_rate, thresholds.error_rate, _errors),
    )
    judged = tuple(_judge(name, value, bounds, rule) for name, value, bounds, rule in rows)
    return (*judged, _model_row(loaded=measured.model_loaded))


def worst(rows: tuple[Row, ...]) -> State:
    """The worst state of the rows; a row that was not measured is worse than a healthy one."""
    states = {row.state for row in rows}
    return next((state for state in _WORST_FIRST if state in states), State.UNKNOWN)


def red_flags(measured: Measured) -> tuple[str, ...]:
    """The guide's red flags that the values raise: confidence under 70 %, low-confidence share over 30 %."""
    flags: list[str] = []
    if measured.confidence is not None and measured.confidence < _RED_FLAG_CONFIDENCE:
        flags.append(
            f"Average confidence is {measured.confidence:.1%}, under 70%: "
            "the model encounters unfamiliar data."
        )
    if measured.low_confidence_share is not None and measured.low_confidence_share > _RED_FLAG_LOW_SHARE:
        flags.append(
            f"{measured.low_confidence_share:.1%} of predictions have low confidence, over 30%: "
            "the model is highly uncertain."
        )
    return tuple(flags)


_Rule = Callable[[float, Bounds], State]


def _judge(name: str, value: float | None, bounds: Bounds, rule: _Rule) -> Row:
    return Row(name, value, bounds, State.UNKNOWN if value is None else rule(value, bounds))


def _higher_is_better(value: float, bounds: Bounds) -> State:
    if value > bounds.warning:
        return State.HEALTHY
    return State.WARNING if value >= bounds.critical else State.CRITICAL


def _lower_is_better(value: float, bounds: Bounds) -> State:
    if value < bounds.warning:
        return State.HEALTHY
    return State.WARNING if value <= bounds.critical else State.CRITICAL


def _errors(value: float, bounds: Bounds) -> State:
    if value <= bounds.warning:
        return State.HEALTHY
    # The guide leaves 1 % itself open ("< 1 %" warns, "> 1 %" is critical): the cautious reading wins.
    return State.WARNING if value < bounds.critical else State.CRITICAL


def _model_row(*, loaded: bool | None) -> Row:
    if loaded is None:
        return Row("Model Status", None, None, State.UNKNOWN)
    return Row("Model Status", float(loaded), None, State.HEALTHY if loaded else State.CRITICAL)
