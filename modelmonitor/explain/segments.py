"""Segments of a window: rows with the same value of a logged column, and their parts of a difference."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from modelmonitor.explain.witness import Witness
from modelmonitor.sample import IntArray, Sample

MOST_VALUES: Final = 10
OTHERS: Final = "(others)"


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Rows of a window with one value of a column, and what they are compared with.

    Attributes:
        key: of the column, such as channel.
        value: such as app; None for the rest: rare values, and rows without the column.
        rows: of the window.
        reference_rows: of the reference with the same value, or all of them where it has none.
        like_with_like: whether those are rows of the same segment.
    """

    key: str
    value: str | None
    rows: IntArray
    reference_rows: IntArray
    like_with_like: bool

    @property
    def name(self) -> str:
        """Such as channel=app or channel=(others)."""
        return f"{self.key}={OTHERS if self.value is None else self.value}"


def split(reference: Sample, window: Sample, *, key: str, min_rows: int) -> tuple[Segment, ...]:
    """The segments of a window by one column, the largest first and the rest last.

    The ten most frequent values with at least `min_rows` rows are segments of their own; everything else is
    one segment, the rest, which also stands for what only the reference has. Nothing comes back where no row
    has the column, or where one segment is all there is and the reference cannot be split either: it would
    be the window once more.

    Args:
        reference: what the segments are compared with; where it has the column, like is compared with like.
        window: the rows to split.
        key: of the column.
        min_rows: fewest rows of a segment of its own.
    """
    values = _values(window, key)
    known = _values(reference, key)
    counts = Counter(value for value in values if value is not None)
    if not counts:
        return ()
    frequent = [
        value
        for value, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_VALUES]
        if count >= min_rows
    ]
    found = [
        _segment(key, value, values=values, known=known, frequent=frequent) for value in (*frequent, None)
    ]
    # A value that only the reference has left the window: with it the shares still sum to 1.
    kept = tuple(segment for segment in found if len(segment.rows) or segment.like_with_like)
    return kept if len(kept) > 1 or any(segment.like_with_like for segment in kept) else ()


def _values(sample: Sample, key: str) -> Sequence[str | None]:
    return [segment.get(key) for segment in sample.segments] or [None] * len(sample)


def _segment(
    key: str,
    value: str | None,
    *,
    values: Sequence[str | None],
    known: Sequence[str | None],
    frequent: Sequence[str],
) -> Segment:
    same = _rows_of(value, known, frequent)
    # A reference without the column has only a "rest", which is no segment of anything.
    like = bool(len(same)) and any(each is not None for each in known)
    return Segment(
        key=key,
        value=value,
        rows=_rows_of(value, values, frequent),
        reference_rows=same if like else np.arange(len(known)),
        like_with_like=like,
    )


def _rows_of(value: str | None, values: Sequence[str | None], frequent: Sequence[str]) -> IntArray:
    if value is None:
        return np.array([row for row, each in enumerate(values) if each not in frequent], dtype=np.int64)
    return np.array([row for row, each in enumerate(values) if each == value], dtype=np.int64)


def shares(found: Witness, segments: Sequence[Segment]) -> tuple[float, ...]:
    """Each segment's share of the squared mean discrepancy of window and reference; a column's make 1.

    The squared discrepancy is the mean witness over the window minus that over the reference, so it is a sum
    over rows, and a segment's part is the sum over its rows. Where the reference cannot be split, it is
    shared in proportion to the segments' rows. A share is negative where a segment is more like the reference
    than the window as a whole, and above 1 where others are.

    Args:
        found: the witness of the whole window.
        segments: by one column, together all of the window.
    """
    split_reference = any(segment.like_with_like for segment in segments)
    parts = [_part(found, segment, split_reference=split_reference) for segment in segments]
    total = found.discrepancy
    return tuple(part / total if total > 0 else 0.0 for part in parts)


def _part(found: Witness, segment: Segment, *, split_reference: bool) -> float:
    ours = np.isin(found.window_rows, segment.rows)
    weight = float(ours.mean())
    above = float(found.window[ours].sum()) / len(found.window)
    if not split_reference:
        return above - weight * float(found.reference.mean())
    if not segment.like_with_like:
        return above
    theirs = np.isin(found.reference_rows, segment.reference_rows)
    return above - float(found.reference[theirs].sum()) / len(found.reference)
