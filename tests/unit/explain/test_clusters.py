"""New patterns: found where they were planted, with their words' rows, and not found where nothing is new."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelmonitor.explain.clusters import new_patterns

WORDS = np.array([f"word{i}" for i in range(80)])


@pytest.fixture
def draw(make_sample):
    """Rows in a broad cloud; the last `planted` are one tight group far from it, about parcels."""

    def build(n, *, seed, planted=0, spread=0.3):
        generator = np.random.default_rng(seed)
        embeddings = generator.normal(size=(n, 16))
        texts = [" ".join(generator.choice(WORDS, 9)) for _ in range(n)]
        if planted:
            embeddings[-planted:] = 2.2 * np.sign(np.arange(16) - 7.5) + spread * generator.normal(
                size=(planted, 16)
            )
            texts[-planted:] = [f"parcel broken refund {text}" for text in texts[-planted:]]
        return make_sample(texts=texts, positive=generator.random(n), labels=[-1] * n, embeddings=embeddings)

    return build


def test_a_planted_group_is_found_with_its_size_and_only_its_rows(draw):
    window = draw(1000, seed=2, planted=30)
    (found,) = new_patterns(draw(1000, seed=1), window, seed=0).clusters
    assert set(found.rows) >= set(range(970, 1000))
    assert (found.share, found.reference_share) == (
        pytest.approx(0.03, abs=0.01),
        pytest.approx(0.0, abs=0.003),
    )
    assert found.p_value < 1e-3
    assert found.cohesion > 0.8
    assert set(found.medoids) <= set(found.rows)


def test_words_do_where_there_are_no_embeddings(draw):
    reference, window = (
        replace(draw(800, seed=seed, planted=planted), embeddings=None) for seed, planted in ((1, 0), (2, 40))
    )
    found = new_patterns(reference, window, seed=0).clusters
    assert len(found) == 1
    assert np.mean(found[0].rows >= 760) > 0.9
    assert len(found[0].rows) > 20


def test_a_group_that_the_reference_has_is_not_new(draw):
    found = new_patterns(draw(1000, seed=1, planted=30), draw(1000, seed=2, planted=40), seed=0)
    assert found.clusters == ()


def test_without_change_nothing_is_found_and_as_many_rows_are_strange_as_expected(draw):
    found = [new_patterns(draw(600, seed=2 * i), draw(500, seed=2 * i + 1), seed=i) for i in range(20)]
    assert [each.clusters for each in found] == [()] * 20
    assert sum(each.strangers.p_value <= 0.05 for each in found) <= 4
    assert np.mean([each.strangers.share for each in found]) == pytest.approx(0.05, abs=0.02)


def test_more_strange_rows_than_expected_are_certain(draw):
    strangers = new_patterns(draw(1000, seed=1), draw(1000, seed=2, planted=100), seed=0).strangers
    assert strangers.p_value < 1e-3
    assert strangers.share > 0.12


def test_two_groups_are_two_patterns(draw):
    window = draw(1000, seed=2, planted=60)
    embeddings = window.embeddings.copy()
    embeddings[-30:] *= -1
    bare = replace(window, embeddings=embeddings, texts=(None,) * 1000)
    found = new_patterns(draw(1000, seed=1), bare, seed=0).clusters
    first, second = sorted(sorted(each.rows)[-1] for each in found)
    assert (first, second) == (969, 999)
    assert all(28 <= len(each.rows) <= 36 for each in found)


def test_few_rows_or_nothing_to_compare_say_nothing(draw):
    reference = draw(200, seed=1)
    assert new_patterns(reference, draw(60, seed=2), seed=0) is None
    bare = replace(reference, embeddings=None, texts=(None,) * 200)
    assert new_patterns(bare, bare, seed=0) is None
