from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.decide.fingerprint import (
    Fingerprint,
    alike,
    direction,
    embedding_signs,
    similarity,
    word_digests,
)


def rows(n, shift, *, seed):
    """(n, 24) embeddings, of which one direction varies most, moved by `shift`."""
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, 24)) * np.array([10.0] + [1.0] * 23) + shift


def printed(shift, *, seed, space="7"):
    shift = np.asarray(shift, dtype=float)
    signs = embedding_signs(direction(rows(800, 0.0, seed=1), rows(600, shift, seed=seed)))
    return Fingerprint(space=space, embedding=signs)


def axis(number, size=1.0):
    moved = np.zeros(24)
    moved[number] = size
    return moved


def test_windows_of_one_drift_are_alike_and_of_another_are_not():
    assert alike(printed(axis(3), seed=5), printed(axis(3, 0.4), seed=6))
    assert not alike(printed(axis(3), seed=5), printed(axis(7), seed=6))
    assert not alike(printed(axis(3), seed=5), printed(axis(3, -1.0), seed=6))


def test_embeddings_of_two_models_are_not_compared_but_words_are():
    one, other = printed(axis(3), seed=5), printed(axis(3), seed=5, space="8")
    assert similarity(one, other) is None
    words = word_digests(["lol", "omg"], ["film"])
    assert alike(Fingerprint("7", one.embedding, words), Fingerprint("8", other.embedding, words))


def test_chance_leaves_no_direction():
    assert embedding_signs(direction(rows(800, 0.0, seed=1), rows(800, 0.0, seed=1))) == ""
    assert not alike(Fingerprint(), Fingerprint())


@given(st.integers(min_value=0, max_value=10_000))
def test_the_similarity_of_signs_is_about_the_cosine(seed):
    generator = np.random.default_rng(seed)
    one = generator.normal(size=64)
    other = one + generator.normal(size=64) * generator.random() * 2
    cosine = float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))
    estimated = similarity(Fingerprint("7", embedding_signs(one)), Fingerprint("7", embedding_signs(other)))
    assert estimated == pytest.approx(cosine, abs=0.3)


def test_it_survives_storage_and_reveals_no_word():
    whole = Fingerprint("7", "ab" * 32, word_digests(["secretword"], []), (0.25, -0.25))
    stored = json.dumps(whole.to_json())
    assert Fingerprint.from_json(json.loads(stored)) == whole
    assert "secretword" not in stored
    assert Fingerprint.from_json({}) == Fingerprint()


@pytest.mark.parametrize(
    ("known", "text"),
    [
        (Fingerprint("7", "ab" * 32), "e:abababababababab"),
        (Fingerprint(classes=(0.25, -0.25)), "c:+0.25,-0.25"),
        (Fingerprint(), ""),
    ],
)
def test_people_see_a_short_name(known, text):
    assert str(known) == text
