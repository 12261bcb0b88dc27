from __future__ import annotations

import random

from modelmonitor.demo.data import LabelledText
from modelmonitor.demo.split import split_reviews

REVIEWS = tuple(
    LabelledText(id=str(number), text=f"review {number}", rating=1.0, label="POSITIVE")
    for number in range(3_000)
)


def test_every_review_goes_to_exactly_one_part():
    split = split_reviews(REVIEWS)

    parts = (split.training, split.reference, split.traffic)
    assert [len(part) for part in parts] == [1_000, 1_200, 800]
    assert {review.id for part in parts for review in part} == {review.id for review in REVIEWS}
    assert split.held_out == split.reference + split.traffic


def test_the_order_of_the_file_does_not_matter():
    shuffled = random.Random(5).sample(REVIEWS, len(REVIEWS))

    assert split_reviews(shuffled) == split_reviews(REVIEWS)


def test_a_review_keeps_its_place_when_another_one_appears():
    more = (*REVIEWS, LabelledText(id="new", text="another review", rating=-1.0, label="NEGATIVE"))

    moved = set(split_reviews(REVIEWS).training) - set(split_reviews(more).training)
    assert len(moved) <= 1
