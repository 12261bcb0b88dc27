"""Numbers of the spec as text: decimals, and amounts of CPU and memory. The spec holds no floats.

Floats do not survive a round trip through YAML, JSON and Go unchanged; the Kubernetes API conventions say
never to use them in a spec.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from modelmonitor.api.base import Rule
from modelmonitor.api.durations import LATENCY_PATTERN, parse_duration
from modelmonitor.api.text import Matching, cel_text

SHARE_PATTERN: Final = r"^(0(\.[0-9]{1,6})?|1(\.0{1,6})?)$"
DECIMAL_PATTERN: Final = r"^[0-9]{1,6}(\.[0-9]{1,6})?$"

Share = Annotated[
    str,
    Matching(
        pattern=SHARE_PATTERN,
        message="a share is a decimal from 0 to 1 in quotes, such as '0.8'",
        max_length=16,
    ),
]
PositiveDecimal = Annotated[
    str,
    Matching(
        pattern=DECIMAL_PATTERN,
        message="a number is a decimal in quotes, such as '0.2'",
        max_length=16,
    ),
]
Quantity = Annotated[
    int | str,
    Matching(
        pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$",
        message="an amount of CPU or memory is a number with a unit, such as '250m' or '2Gi'",
        max_length=32,
        or_integer=True,
    ),
]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]
Count = Annotated[int, Field(strict=True, ge=0, le=2_147_483_647)]

_MEMORY_OR_CPU: Final = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{unit: Decimal(1000) ** power for power, unit in enumerate(("k", "M", "G", "T", "P"), start=1)},
    **{unit: Decimal(1024) ** power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi"), start=1)},
}


def parse_quantity(text: int | str) -> Decimal:
    """The number that an amount such as 250m (0.25) or 2Gi (2147483648) stands for.

    Raises:
        ValueError: the text is not an amount.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]*)", str(text))
    if found is None or found[2] not in _MEMORY_OR_CPU:
        msg = f"{text!r} is not an amount; write a number with a unit, such as 250m or 2Gi"
        raise ValueError(msg)
    return Decimal(found[1]) * _MEMORY_OR_CPU[found[2]]


def rising_decimals(*, message: str) -> Rule:
    """The rule `warning` < `critical`, for numbers where more is worse."""
    return Rule(
        message=message,
        cel=_both("<", convert="double", pattern=DECIMAL_PATTERN),
        holds=lambda bounds: Decimal(bounds.warning) < Decimal(bounds.critical),
    )


def falling_decimals(*, message: str) -> Rule:
    """The rule `warning` > `critical`, for numbers where less is worse."""
    return Rule(
        message=message,
        cel=_both(">", convert="double", pattern=DECIMAL_PATTERN),
        holds=lambda bounds: Decimal(bounds.warning) > Decimal(bounds.critical),
    )


def rising_latencies(*, message: str) -> Rule:
    """The rule `warning` < `critical` for latencies."""
    return Rule(
        message=message,
        cel=_both("<", convert="duration", pattern=LATENCY_PATTERN),
        holds=lambda bounds: parse_duration(bounds.warning) < parse_duration(bounds.critical),
    )


def _both(comparison: str, *, convert: str, pattern: str) -> str:
    # A malformed number is told by its own field; converting it here would add a second, cryptic error.
    malformed = " || ".join(f"!self.{name}.matches({cel_text(pattern)})" for name in ("warning", "critical"))
    return f"{malformed} || {convert}(self.warning) {comparison} {convert}(self.critical)"
