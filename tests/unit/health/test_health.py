"""The guide's threshold table, border by border."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.health import Bounds, Measured, Row, State, Thresholds, assess, red_flags, worst


def above(value: float) -> float:
    return math.nextafter(value, math.inf)


def below(value: float) -> float:
    return math.nextafter(value, -math.inf)


TABLE = [
    ("confidence", 1.0, State.HEALTHY),
    ("confidence", above(0.80), State.HEALTHY),
    ("confidence", 0.80, State.WARNING),
    ("confidence", 0.60, State.WARNING),
    ("confidence", below(0.60), State.CRITICAL),
    ("low_confidence_share", 0.0, State.HEALTHY),
    ("low_confidence_share", below(0.10), State.HEALTHY),
    ("low_confidence_share", 0.10, State.WARNING),
    ("low_confidence_share", 0.30, State.WARNING),
    ("low_confidence_share", above(0.30), State.CRITICAL),
    ("latency_p95", 0.0, State.HEALTHY),
    ("latency_p95", below(0.100), State.HEALTHY),
    ("latency_p95", 0.100, State.WARNING),
    ("latency_p95", 0.500, State.WARNING),
    ("latency_p95", above(0.500), State.CRITICAL),
    ("error_rate", 0.0, State.HEALTHY),
    ("error_rate", above(0.0), State.WARNING),
    ("error_rate", below(0.01), State.WARNING),
    ("error_rate", 0.01, State.CRITICAL),
    ("error_rate", above(0.01), State.CRITICAL),
    ("model_loaded", True, State.HEALTHY),
    ("model_loaded", False, State.CRITICAL),
]
ROW_OF = {
    "confidence": 0,
    "low_confidence_share": 1,
    "latency_p95": 2,
    "error_rate": 3,
    "model_loaded": 4,
}


@pytest.mark.parametrize(("measure", "value", "state"), TABLE)
def test_every_border_of_the_guide_falls_on_the_side_that_the_table_says(measure, value, state):
    rows = assess(Measured(**{measure: value}), Thresholds())
    assert rows[ROW_OF[measure]].state == state


def test_a_healthy_system_reads_like_the_table_of_the_guide():
    measured = Measured(
        confidence=0.91, low_confidence_share=0.04, latency_p95=0.048, error_rate=0.0, model_loaded=True
    )
    assert assess(measured, Thresholds()) == (
        Row("Avg Confidence", 0.91, Bounds(0.80, 0.60), State.HEALTHY),
        Row("Low Confidence Rate", 0.04, Bounds(0.10, 0.30), State.HEALTHY),
        Row("Latency (P95)", 0.048, Bounds(0.100, 0.500), State.HEALTHY),
        Row("Error Rate", 0.0, Bounds(0.0, 0.01), State.HEALTHY),
        Row("Model Status", 1.0, None, State.HEALTHY),
    )


def test_what_was_not_measured_is_unknown_and_never_healthy():
    rows = assess(Measured(), Thresholds())
    assert {row.state for row in rows} == {State.UNKNOWN}
    assert worst(rows) == State.UNKNOWN


def test_the_worst_row_decides():
    rows = assess(Measured(confidence=0.95, low_confidence_share=0.31), Thresholds())
    assert worst(rows) == State.CRITICAL


@given(st.floats(0, 1), st.floats(0, 1))
def test_more_confidence_never_makes_the_state_worse(one, other):
    order = [State.CRITICAL, State.WARNING, State.HEALTHY]
    low, high = sorted((one, other))
    states = [assess(Measured(confidence=value), Thresholds())[0].state for value in (low, high)]
    assert order.index(states[0]) <= order.index(states[1])


@pytest.mark.parametrize(
    ("measured", "count"),
    [
        (Measured(), 0),
        (Measured(confidence=0.70, low_confidence_share=0.30), 0),
        (Measured(confidence=below(0.70)), 1),
        (Measured(low_confidence_share=above(0.30)), 1),
        (Measured(confidence=0.5, low_confidence_share=0.6), 2),
    ],
)
def test_red_flags_are_raised_past_70_percent_confidence_and_30_percent_low(measured, count):
    assert len(red_flags(measured)) == count
