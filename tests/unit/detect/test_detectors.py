"""What holds for every detector of every backend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelmonitor.detect.missing import MissingColumn, NothingToCompare
from modelmonitor.detect.registry import detector

NATIVE = [("ks", "native"), ("chi-square", "native"), ("mmd", "native"), ("tfidf-similarity", "native")]
EVERY = [*NATIVE, ("ks", "alibi-detect"), ("chi-square", "alibi-detect"), ("mmd", "alibi-detect")]


@pytest.mark.parametrize(("name", "backend"), EVERY)
def test_a_window_like_the_reference_is_not_significant(make_sample, name, backend):
    found = detector(name, backend=backend)(
        make_sample(300, seed=1), make_sample(200, seed=2), level=0.01, seed=0
    )
    assert (found.p_value > 0.01, found.n_reference, found.n_window) == (True, 300, 200)


@pytest.mark.parametrize(("name", "backend"), EVERY)
def test_a_clear_shift_is_significant_and_its_p_value_is_not_zero(make_sample, name, backend):
    reference = make_sample(300, seed=1)
    window = make_sample(200, seed=2, shift=2.0, new_words=0.5, positive=0.9)
    window = replace(
        window, probabilities=np.sqrt(window.probabilities) / np.sqrt(window.probabilities).sum(1)[:, None]
    )
    found = detector(name, backend=backend)(reference, window, level=0.01, seed=0)
    assert 0 < found.p_value <= 0.01
    assert found.effect_size > found.significant_effect


@pytest.mark.parametrize(("name", "backend"), EVERY)
def test_the_order_of_the_rows_does_not_matter(make_sample, name, backend):
    reference, window = make_sample(150, seed=1), make_sample(100, seed=2, shift=0.3)
    run = detector(name, backend=backend)
    shuffled = np.random.default_rng(5).permutation(100)
    assert run(reference, window, level=0.05, seed=3) == run(
        reference, window.take(shuffled), level=0.05, seed=3
    )


@pytest.mark.parametrize(("name", "backend"), EVERY)
def test_identical_samples_have_no_effect(make_sample, name, backend):
    sample = make_sample(120, seed=1)
    found = detector(name, backend=backend)(sample, sample, level=0.05, seed=0)
    assert (found.effect_size, found.p_value > 0.5) == (0.0, True)


@pytest.mark.parametrize(("name", "backend"), [("mmd", "native"), ("mmd", "alibi-detect")])
def test_the_rows_used_are_capped_and_said(make_sample, name, backend):
    run = detector(name, backend=backend, params={"max_rows": "80"})
    found = run(make_sample(120, seed=1), make_sample(100, seed=2), level=0.05, seed=0)
    assert (found.n_reference, found.n_window) == (80, 80)


@pytest.mark.parametrize("backend", ["native", "alibi-detect"])
def test_a_level_below_what_the_permutations_reach_is_said(make_sample, backend):
    run = detector("mmd", backend=backend, params={"max_permutations": 199})
    found = run(make_sample(60, seed=1), make_sample(60, seed=2), level=0.001, seed=0)
    assert found.smallest_p_value == 1 / 200


def test_constant_embeddings_are_no_drift(make_sample):
    sample = make_sample(40, seed=1)
    constant = replace(sample, embeddings=np.ones((40, 24), np.float32))
    found = detector("mmd", backend="native")(constant, constant, level=0.05, seed=0)
    assert (found.p_value, found.effect_size) == (1.0, 0.0)


def test_rows_with_a_broken_embedding_are_left_out(make_sample):
    reference, window = make_sample(60, seed=1), make_sample(60, seed=2)
    embeddings = window.embeddings.copy()
    embeddings[3, 0] = np.nan
    found = detector("mmd", backend="native")(
        reference, replace(window, embeddings=embeddings), level=0.05, seed=0
    )
    assert found.n_window == 59


@pytest.mark.parametrize("backend", ["native", "alibi-detect"])
def test_a_window_without_embeddings_is_refused_with_a_way_out(make_sample, backend):
    window = replace(make_sample(60, seed=2), embeddings=None)
    with pytest.raises(MissingColumn, match="the window has no embeddings: let the predictor log embeddings"):
        detector("mmd", backend=backend)(make_sample(60, seed=1), window, level=0.05, seed=0)


def test_a_reference_without_texts_is_refused_with_a_way_out(make_sample):
    reference = replace(make_sample(60, seed=1), texts=(None,) * 60)
    with pytest.raises(MissingColumn, match="the reference has no texts: store the input"):
        detector("tfidf-similarity")(reference, make_sample(60, seed=2), level=0.05, seed=0)


def test_texts_without_a_common_word_ask_for_the_char_analyzer(make_sample):
    sample = replace(make_sample(3, seed=1), texts=("一二三", "四五六", "七八九"))
    with pytest.raises(NothingToCompare, match="analyzer: char"):
        detector("tfidf-similarity")(sample, replace(sample, texts=("甲", "乙", "丙")), level=0.05, seed=0)


def test_characters_compare_texts_without_spaces(make_sample):
    old = replace(make_sample(60, seed=1), texts=("很好的电影",) * 60)
    new = replace(make_sample(60, seed=2), texts=("退款在哪里",) * 60)
    found = detector("tfidf-similarity", params={"analyzer": "char"})(old, new, level=0.05, seed=0)
    assert (found.effect_size, found.p_value <= 0.05) == (1.0, True)


def test_a_class_that_the_reference_never_saw_is_found(make_sample):
    reference = make_sample(300, seed=1, classes=3, positive=1.0)
    window = make_sample(200, seed=2, classes=3, positive=0.8)
    found = detector("chi-square", backend="native")(reference, window, level=0.01, seed=0)
    assert found.p_value < 0.01
    assert found.effect_interval[0] <= found.effect_size <= found.effect_interval[1]


def test_small_counts_take_their_p_value_from_random_tables(make_sample):
    found = detector("chi-square", backend="native")(
        make_sample(300, seed=1, positive=0.99), make_sample(60, seed=2, positive=0.99), level=0.05, seed=0
    )
    assert int(found.parameters["permutations"]) > 0
    assert found.p_value >= found.smallest_p_value


def test_one_predicted_class_only_is_no_drift(make_sample):
    found = detector("chi-square", backend="native")(
        make_sample(50, seed=1, positive=1.0), make_sample(50, seed=2, positive=1.0), level=0.05, seed=0
    )
    assert (found.statistic, found.p_value, found.effect_size) == (0.0, 1.0, 0.0)


def test_every_probability_is_compared_with_a_correction(make_sample):
    run = detector("ks", backend="native", params={"feature": "probabilities"})
    found = run(make_sample(200, seed=1, classes=3), make_sample(200, seed=2, classes=3), level=0.05, seed=0)
    assert (found.feature, found.parameters) == (
        "probabilities",
        {"columns": "3", "correction": "bonferroni"},
    )
