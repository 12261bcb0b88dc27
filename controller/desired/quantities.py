"""Amounts of CPU and memory as the API server writes them: only so can desired and actual be compared."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Final

from modelmonitor.api.quantities import parse_quantity

_BINARY: Final = ("Ki", "Mi", "Gi", "Ti", "Pi")
_DECIMAL: Final = ("k", "M", "G", "T", "P")
_MILLI: Final = Decimal("0.001")


def canonical_amounts(amounts: Mapping[str, int | str]) -> dict[str, str]:
    """Each amount in its canonical form."""
    return {name: canonical(amount) for name, amount in amounts.items()}


def canonical(amount: int | str) -> str:
    """The canonical form: the largest unit that leaves a whole number, such as 1500m, 2 or 512Mi.

    Source: apimachinery's resource.Quantity, "Before serializing, Quantity will be put in canonical form".
    """
    value = parse_quantity(amount)
    if value != value.to_integral_value():
        value = value.quantize(_MILLI, rounding=ROUND_CEILING)
    if value != value.to_integral_value():
        return f"{int(value * 1000)}m"
    # Below 1024 a binary amount is written as a decimal one.
    binary = str(amount).endswith("i") and value >= 1024
    units, base = (_BINARY, 1024) if binary else (_DECIMAL, 1000)
    return _largest_unit(int(value), units=units, base=base)


def _largest_unit(value: int, *, units: tuple[str, ...], base: int) -> str:
    power = 0
    while value and value % base == 0 and power < len(units):
        value, power = value // base, power + 1
    return f"{value}{units[power - 1]}" if power else str(value)
