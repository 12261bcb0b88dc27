from __future__ import annotations

import numpy as np

from modelmonitor.explain.words import WordShift, changed_words

WORDS = np.array([f"word{i}" for i in range(60)])


def texts(n: int, *, seed: int) -> list[str]:
    generator = np.random.default_rng(seed)
    weights = 1 / np.arange(1, 61)
    return [" ".join(generator.choice(WORDS, size=10, p=weights / weights.sum())) for _ in range(n)]


def test_a_planted_word_comes_first_with_its_counts():
    window = texts(200, seed=2)
    window[:20] = [f"{text} refund" for text in window[:20]]
    first = changed_words(texts(400, seed=1), window)[0]
    assert (first.z_score > 3, first) == (
        True,
        WordShift("refund", first.z_score, 0, 20, 0.0, 0.1),
    )


def test_a_vanished_word_has_a_negative_score():
    reference = [f"{text} cinema" for text in texts(200, seed=1)]
    assert [(shift.word, shift.z_score < 0) for shift in changed_words(reference, texts(200, seed=2))] == [
        ("cinema", True)
    ]


def test_one_text_that_repeats_a_word_does_not_count_more_than_once():
    window = texts(200, seed=2)
    window[0] = "spam " * 1000
    assert changed_words(texts(200, seed=1), window) == ()


def test_without_change_wrong_words_are_rare():
    found = [changed_words(texts(200, seed=2 * i), texts(200, seed=2 * i + 1)) for i in range(40)]
    assert sum(bool(words) for words in found) <= 5


def test_a_topic_in_three_percent_of_the_texts_is_found():
    window = texts(1000, seed=2)
    topic = ["delivery", "broken", "parcel"]
    window[:30] = [f"{text} {' '.join(topic)}" for text in window[:30]]
    assert {shift.word for shift in changed_words(texts(1000, seed=1), window)} == set(topic)


def test_at_most_the_asked_number_of_words_comes_back():
    assert len(changed_words(["one two three"] * 50, ["four five six"] * 50, top=2)) == 2


def test_texts_without_words_have_no_changed_words():
    assert changed_words(["!!", ""], ["?"]) == ()
