"""The fixed division of the movie reviews: what the model learns from, and what it has never seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from modelmonitor.demo.data import LabelledText

REFERENCE_ROWS = 1_200
TRAFFIC_ROWS = 800
HELD_OUT_ROWS = REFERENCE_ROWS + TRAFFIC_ROWS


@dataclass(frozen=True, slots=True)
class Split:
    """Disjoint parts of one corpus.

    Attributes:
        training: what the model is fine-tuned on.
        reference: held out; what drift is measured against.
        traffic: held out; replayed as normal traffic, so it must not look like drift.
    """

    training: tuple[LabelledText, ...]
    reference: tuple[LabelledText, ...]
    traffic: tuple[LabelledText, ...]

    @property
    def held_out(self) -> tuple[LabelledText, ...]:
        """The 2,000 texts that accuracy is measured on."""
        return self.reference + self.traffic


def fixed_order(texts: Iterable[LabelledText]) -> tuple[LabelledText, ...]:
    """The texts in an order that looks random and is the same on every machine: by a hash of the text."""
    return tuple(sorted(texts, key=_place))


def split_reviews(reviews: Iterable[LabelledText]) -> Split:
    """Divide the reviews by a hash of their text: no state, no seed, the same on every machine.

    Equal texts are neighbours in this order, so a review that was rated twice is not learned and then tested.
    """
    ordered = fixed_order(reviews)
    return Split(
        training=ordered[HELD_OUT_ROWS:],
        reference=ordered[:REFERENCE_ROWS],
        traffic=ordered[REFERENCE_ROWS:HELD_OUT_ROWS],
    )


def _place(review: LabelledText) -> tuple[bytes, str]:
    return hashlib.sha256(review.text.encode()).digest(), review.id
