"""The frame that the report's charts share: a plot area with three lines across and shares at their left.

Drawn 360 units wide, about the width of a telephone, so that their letters stay readable there.
"""

from __future__ import annotations

from typing import Final

from markupsafe import Markup

from modelmonitor.report import svg

SIZE: Final = (360.0, 172.0)
LEFT: Final = 40.0
RIGHT: Final = 352.0
TOP: Final = 10.0
BASE: Final = 150.0
AXIS: Final = 166.0


def across(share: float) -> float:
    """Where 0 to 1 of the plot's width is."""
    return LEFT + (RIGHT - LEFT) * share


def up(share: float) -> float:
    """Where 0 to 1 of the plot's height is, counted from its base."""
    return BASE - (BASE - TOP) * share


def shares(low: float, high: float) -> list[Markup]:
    """Lines at base, middle and top, labelled with the shares that they stand for."""
    return [
        mark
        for share in (0.0, 0.5, 1.0)
        for mark in (
            svg.line((LEFT, up(share)), (RIGHT, up(share)), kind="grid"),
            svg.label((LEFT - 5, up(share) + 4), f"{low + share * (high - low):.0%}", anchor="end"),
        )
    ]
