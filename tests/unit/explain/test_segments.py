"""Splitting a window by a logged column, and what each part has of a difference."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelmonitor.explain.segments import shares, split
from modelmonitor.explain.witness import witness


@pytest.fixture
def sides(make_sample):
    """Builds a sample whose rows are (channel or None, shift of the embedding)."""

    def build(*groups, seed):
        generator = np.random.default_rng(seed)
        channels = [channel for channel, n, _ in groups for _ in range(n)]
        shifts = np.concatenate([np.full(n, shift) for _, n, shift in groups])
        sample = make_sample(
            texts=[f"text {i}" for i in range(len(channels))],
            positive=generator.random(len(channels)),
            labels=[-1] * len(channels),
            embeddings=generator.normal(size=(len(channels), 8)) + shifts[:, None],
        )
        return replace(sample, segments=tuple({} if each is None else {"channel": each} for each in channels))

    return build


def table(segments):
    return [(each.name, len(each.rows), len(each.reference_rows), each.like_with_like) for each in segments]


def test_like_is_compared_with_like_where_the_reference_has_the_column(sides):
    reference = sides(("app", 60, 0), ("web", 40, 0), seed=1)
    window = sides(("web", 30, 0), ("app", 50, 0), seed=2)
    assert table(split(reference, window, key="channel", min_rows=20)) == [
        ("channel=app", 50, 60, True),
        ("channel=web", 30, 40, True),
    ]


def test_a_reference_without_the_column_is_compared_as_a_whole(sides):
    reference = replace(sides(("app", 100, 0), seed=1), segments=())
    window = sides(("web", 30, 0), ("app", 50, 0), seed=2)
    assert table(split(reference, window, key="channel", min_rows=20)) == [
        ("channel=app", 50, 100, False),
        ("channel=web", 30, 100, False),
    ]


def test_rare_values_and_rows_without_the_column_are_one_segment(sides):
    reference = sides(("app", 60, 0), ("fax", 5, 0), seed=1)
    window = sides(("app", 50, 0), ("post", 4, 0), (None, 6, 0), seed=2)
    assert table(split(reference, window, key="channel", min_rows=20)) == [
        ("channel=app", 50, 60, True),
        ("channel=(others)", 10, 5, True),
    ]


def test_of_many_values_the_ten_most_frequent_are_segments(sides):
    window = sides(*((f"shop{i:02}", 20 + i, 0) for i in range(14)), seed=2)
    found = split(window, window, key="channel", min_rows=20)
    assert [each.value for each in found] == [f"shop{i:02}" for i in range(13, 3, -1)] + [None]


def test_a_new_value_is_compared_with_all_of_the_reference(sides):
    reference = sides(("app", 60, 0), ("web", 40, 0), seed=1)
    window = sides(("app", 50, 0), ("kiosk", 30, 0), seed=2)
    assert table(split(reference, window, key="channel", min_rows=20)) == [
        ("channel=app", 50, 60, True),
        ("channel=kiosk", 30, 100, False),
        ("channel=(others)", 0, 40, True),
    ]


@pytest.mark.parametrize("key", ["language", "channel"])
def test_what_cannot_be_split_has_no_segments(sides, key):
    window = sides(("app", 50, 0), seed=2)
    assert split(replace(window, segments=()), window, key=key, min_rows=20) == ()


@pytest.mark.parametrize("known", [True, False])
def test_the_segment_that_changed_has_the_difference_and_all_shares_make_one(sides, known):
    reference = sides(("app", 300, 0), ("web", 300, 0), seed=1)
    window = sides(("app", 300, 0), ("web", 300, 1.5), seed=2)
    reference = reference if known else replace(reference, segments=())
    found = shares(witness(reference, window, seed=0), split(reference, window, key="channel", min_rows=20))
    assert sum(found) == pytest.approx(1.0)
    assert found[1] > 0.8


def test_without_embeddings_the_words_tell_who_changed(sides):
    reference = replace(sides(("app", 200, 0), ("web", 200, 0), seed=1), embeddings=None)
    window = replace(sides(("app", 200, 0), ("web", 200, 0), seed=2), embeddings=None)
    words = [" ".join(np.random.default_rng(i).choice([f"word{j}" for j in range(8)], 5)) for i in range(400)]
    reference = replace(reference, texts=tuple(words))
    window = replace(window, texts=(*words[:200], *(f"refund {text}" for text in words[200:])))
    found = shares(witness(reference, window, seed=0), split(reference, window, key="channel", min_rows=20))
    assert found[1] > 0.9


def test_dropped_texts_without_embeddings_have_no_witness(sides):
    bare = replace(sides(("app", 20, 0), seed=1), embeddings=None, texts=(None,) * 20)
    assert witness(bare, bare, seed=0) is None
