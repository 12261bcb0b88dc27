"""What holds for every detector of every backend."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelmonitor.detect import chi_square
from modelmonitor.detect.missing import MissingColumn, NothingToCompare
from modelmonitor.detect.registry import detector

NATIVE = [
    "ks",
    "cramer-von-mises",
    "chi-square",
    "mmd",
    "mmd-fourier",
    "lsdd",
    "classifier",
    "context-mmd",
    "tfidf-similarity",
]
# alibi-detect inverts two matrices for every permutation of context-mmd: tests/detect has it.
FOREIGN = ["ks", "cramer-von-mises", "chi-square", "mmd", "lsdd", "classifier"]
EVERY = [*((name, "native") for name in NATIVE), *((name, "alibi-detect") for name in FOREIGN)]
# They set aside rows at random as centres, contexts or for a test, so that equal samples are not split alike.
RANDOM_SPLIT = {"lsdd", "context-mmd", "classifier"}


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
    assert found.effect_size > (found.significant_effect or 0.0)


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
    assert found.p_value > (0.05 if name in RANDOM_SPLIT else 0.5)
    assert found.effect_size == (pytest.approx(0.0, abs=0.15) if name in RANDOM_SPLIT else 0.0)


@pytest.mark.parametrize(
    ("name", "backend"),
    [(name, backend) for name, backend in EVERY if name in {"mmd", "lsdd", "classifier", "context-mmd"}],
)
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


def test_two_classes_are_counted_exactly(make_sample):
    from scipy.stats import fisher_exact

    reference, window = make_sample(300, seed=1, positive=0.95), make_sample(60, seed=2, positive=0.85)
    found = detector("chi-square", backend="native")(reference, window, level=0.05, seed=0)
    table = chi_square.contingency(reference, window)
    assert found.parameters["permutations"] == "0"
    assert found.p_value == pytest.approx(fisher_exact(table).pvalue, rel=0.3)
    assert chi_square.exact_p_value(table) == pytest.approx(chi_square.exact_p_value(table[::-1]))


def test_the_exact_p_value_sums_the_tables_at_least_as_far_from_expectation():
    # Of the 252 ways to choose 5 of 10 rows, 2 x 1 have 5 or 0 and 2 x 25 have 4 or 1 of the 5 positives.
    assert chi_square.exact_p_value(np.array([[4, 1], [1, 4]])) == pytest.approx(52 / 252)


def test_more_classes_take_their_p_value_from_random_tables(make_sample):
    found = detector("chi-square", backend="native")(
        make_sample(300, seed=1, classes=3), make_sample(60, seed=2, classes=3), level=0.05, seed=0
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


def test_a_changed_mix_of_predictions_is_no_drift_at_equal_predictions(make_sample):
    def sample(n, *, seed, positive):
        drawn = make_sample(n, seed=seed, positive=positive)
        embeddings = drawn.embeddings.copy()
        embeddings[:, 0] += 12.0 * drawn.probabilities[:, 0]
        return replace(drawn, embeddings=embeddings)

    reference, window = sample(400, seed=1, positive=0.5), sample(300, seed=2, positive=0.8)
    plain, aware = (
        detector(name, backend="native")(reference, window, level=0.05, seed=0)
        for name in ("mmd", "context-mmd")
    )
    assert (plain.p_value <= 0.05, aware.p_value > 0.05) == (True, True)


def test_the_classifier_reads_words(make_sample):
    run = detector("classifier", backend="native", params={"feature": "text"})
    found = run(make_sample(200, seed=1), make_sample(150, seed=2, new_words=0.3), level=0.05, seed=0)
    assert (found.feature, found.p_value <= 0.05, found.effect_size > 0.5) == ("text", True, True)


@pytest.mark.parametrize(("name", "backend"), EVERY)
def test_where_only_classes_are_told_confidence_is_not_compared_and_the_rest_is(make_sample, name, backend):
    told = [replace(make_sample(200, seed=seed), confidence_known=False) for seed in (1, 2)]
    run = detector(name, backend=backend)

    if name in {"ks", "cramer-von-mises", "context-mmd"}:
        with pytest.raises(MissingColumn, match="let the model reply with probabilities"):
            run(*told, level=0.01, seed=0)
    else:
        assert run(*told, level=0.01, seed=0).p_value > 0.001
