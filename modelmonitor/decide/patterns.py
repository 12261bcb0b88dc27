"""Does a new pattern stay? It is an event only when windows without a common prediction have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from modelmonitor.decide.fingerprint import Fingerprint, alike

ENOUGH_WINDOWS: Final = 2
_COMMON_WORDS: Final = 0.4


@dataclass(frozen=True, slots=True)
class Seen:
    """A pattern as one run saw it.

    Attributes:
        fingerprint: its place.
        share: of the window's predictions, 0 to 1.
        window_start: first moment of the window.
        window_end: first moment after it.
    """

    fingerprint: Fingerprint
    share: float
    window_start: datetime
    window_end: datetime


@dataclass(frozen=True, slots=True)
class Course:
    """A pattern over time.

    Attributes:
        first_seen: beginning of the first window that had it.
        windows: windows without a common prediction that had it, the present one included.
        growth: its share now over its share in the first of them; 1 where it is the first.
    """

    first_seen: datetime
    windows: int
    growth: float

    @property
    def established(self) -> bool:
        """Whether it is more than a crowd that came once."""
        return self.windows >= ENOUGH_WINDOWS


def same_place(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether two patterns are one: two fifths of the shorter list of words agree, or the directions do."""
    if one.words and other.words:
        common = len(set(one.words) & set(other.words))
        return common >= _COMMON_WORDS * min(len(one.words), len(other.words))
    return alike(one, other)


def course(found: Seen, past: Sequence[Seen]) -> Course:
    """The pattern with what earlier runs saw of it.

    Args:
        found: in the present window.
        past: of earlier runs, in any order; those in another place, and later ones, are passed over.
    """
    earlier = sorted(
        (
            each
            for each in past
            if each.window_end <= found.window_end and same_place(each.fingerprint, found.fingerprint)
        ),
        key=lambda each: each.window_end,
        reverse=True,
    )
    windows, first = 1, found
    for each in earlier:
        # Runs whose windows overlap saw the same predictions: together they are one window.
        if each.window_end <= first.window_start:
            windows, first = windows + 1, each
    oldest = min((found.window_start, *(each.window_start for each in earlier)))
    return Course(oldest, windows, found.share / first.share if first.share > 0 else 1.0)
