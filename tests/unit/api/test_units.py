"""Durations, times, amounts, status numbers and schedules as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from croniter import croniter
from hypothesis import given, settings
from hypothesis import strategies as st

from modelmonitor.api.durations import NotADuration, parse_duration, parse_time
from modelmonitor.api.quantities import parse_quantity
from modelmonitor.api.schedules import CRON_PATTERN
from modelmonitor.api.status import number_text


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("100ms", timedelta(milliseconds=100)),
        ("15s", timedelta(seconds=15)),
        ("30m", timedelta(minutes=30)),
        ("24h", timedelta(days=1)),
        ("30d", timedelta(days=30)),
        ("2w", timedelta(days=14)),
    ],
)
def test_a_duration_is_read(text: str, span: timedelta) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "24", "h", "1h30m", "-1h", "1.5h", "24 h", "24h\n"])
def test_other_text_is_not_a_duration(text: str) -> None:
    with pytest.raises(NotADuration, match="write a whole number and one of ms, s, m, h, d, w"):
        parse_duration(text)


def test_a_time_is_in_utc() -> None:
    assert parse_time("2026-11-01T06:30:00Z") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("250m", "0.25"), ("2Gi", "2147483648"), ("1.5k", "1500"), (2, "2"), ("512Mi", "536870912")],
)
def test_an_amount_is_read(text: int | str, amount: str) -> None:
    assert parse_quantity(text) == Decimal(amount)


@pytest.mark.parametrize("text", ["", "2GB", "Gi", "1.2.3", "-1"])
def test_other_text_is_not_an_amount(text: str) -> None:
    with pytest.raises(ValueError, match="write a number with a unit"):
        parse_quantity(text)


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (0.87312, "0.8731"), (1.0, "1"), (1.23e-05, "1.23e-05"), (-0.5, "-0.5"), (1e20, "1e20")],
)
def test_a_number_of_the_status_has_four_digits(number: float, text: str) -> None:
    assert number_text(number) == text


@settings(deadline=None)
@given(st.floats(min_value=-1e300, max_value=1e300))
def test_every_finite_number_fits_the_status(number: float) -> None:
    text = number_text(number)
    assert re.fullmatch(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?", text)
    assert float(text) == pytest.approx(number, rel=1e-3)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_no_number_is_left_out_instead(number: float) -> None:
    with pytest.raises(ValueError, match="leave the field out"):
        number_text(number)


@settings(deadline=None, max_examples=30)
@given(
    st.from_regex(CRON_PATTERN, fullmatch=True).filter(lambda text: not re.search(r"[0-9A-Z]-[0-9A-Z]", text))
)
def test_a_schedule_that_is_accepted_can_be_run(schedule: str) -> None:
    assert croniter.is_valid(schedule)
