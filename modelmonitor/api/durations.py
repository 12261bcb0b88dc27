"""Spans of time and points in time as the text that users write: 24h, 30d, 100ms, a cron line, a UTC time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from modelmonitor.api.text import Matching

UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


class NotADuration(ValueError):
    """Write a whole number and a unit, such as 24h."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"{text!r} is not a duration; write a whole number and one of {', '.join(UNITS)}, such as 24h"
        )


def parse_duration(text: str) -> timedelta:
    """The span that a text such as 15s, 24h or 30d stands for.

    Raises:
        NotADuration: the text is not a whole number followed by ms, s, m, h, d or w.
    """
    found = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d|w)", text)
    if found is None:
        raise NotADuration(text)
    return int(found[1]) * UNITS[found[2]]


def parse_time(text: str) -> datetime:
    """The moment that a UTC time such as 2026-11-01T00:00:00Z stands for.

    Raises:
        ValueError: the text is not such a time.
    """
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


Duration = Annotated[
    str,
    Matching(
        pattern=r"^[1-9][0-9]{0,4}(s|m|h|d|w)$",
        message="a duration is a whole number above 0 and one of s, m, h, d, w, such as '24h' or '30d'",
        max_length=16,
    ),
]
Delay = Annotated[
    str,
    Matching(
        pattern=r"^(0|[1-9][0-9]{0,4})(s|m|h|d)$",
        message="a delay is a whole number and one of s, m, h, d, such as '0m' or '15m'",
        max_length=16,
    ),
]
LATENCY_PATTERN: Final = r"^[1-9][0-9]{0,5}(ms|s)$"
Latency = Annotated[
    str,
    Matching(
        pattern=LATENCY_PATTERN,
        message="a latency is a whole number above 0 and ms or s, such as '100ms'",
        max_length=16,
    ),
]
UtcTime = Annotated[
    str,
    Matching(
        pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z$",
        message="a time is in UTC to the second, such as '2026-11-01T00:00:00Z'",
        max_length=32,
    ),
]
