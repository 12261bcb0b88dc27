"""Disagreement of a second model, and confidence at equal inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelmonitor.estimate.concept import confidence_at_equal_inputs, disagreement
from modelmonitor.estimate.novelty import novelty


@pytest.fixture
def draw(make_sample):
    """Rows whose class follows the first coordinate, which the served model turns around for a share."""

    def build(n, *, seed, turned=0.0, shift=0.0, sure=0.9):
        generator = np.random.default_rng(seed)
        rows = generator.normal(size=(n, 8))
        rows[:, 1] += shift
        meaning = rows[:, 0] > 0
        answer = meaning ^ (generator.random(n) < turned)
        return make_sample(
            texts=[None] * n,
            positive=np.where(answer, sure, 1 - sure),
            labels=meaning.astype(int),
            embeddings=rows,
        )

    return build


def test_no_change_has_an_interval_around_nothing(draw):
    found = [disagreement(draw(800, seed=2 * i), draw(500, seed=2 * i + 1), seed=i) for i in range(20)]
    assert sum(change.certain for change in found) <= 3


def test_a_served_model_that_answers_otherwise_than_before_is_seen(draw):
    found = disagreement(draw(800, seed=1), draw(500, seed=2, turned=0.2), seed=0)
    assert found.certain
    assert found.low > 0.1
    assert found.window - found.reference == pytest.approx(0.2, abs=0.06)


def test_without_labels_the_second_model_learns_the_answers(draw):
    reference = replace(draw(800, seed=1), labels=np.full(800, -1))
    assert disagreement(reference, draw(500, seed=2, turned=0.2), seed=0).certain


def test_nothing_to_read_or_few_rows_give_none(draw):
    reference = draw(800, seed=1)
    assert disagreement(replace(reference, embeddings=None), draw(500, seed=2), seed=0) is None
    assert disagreement(reference, draw(50, seed=2), seed=0) is None


def test_a_shift_of_inputs_alone_does_not_change_confidence_at_equal_inputs(make_sample):
    def build(n, seed, shift):
        generator = np.random.default_rng(seed)
        rows = generator.normal(size=(n, 4))
        rows[:, 0] += shift
        return make_sample(
            texts=[None] * n,
            positive=0.5 + 0.45 / (1 + np.exp(-rows[:, 0])),
            labels=[-1] * n,
            embeddings=rows,
        )

    reference, window = build(2000, 1, 0.0), build(1500, 2, 0.7)
    raw = float(window.confidence.mean() - reference.confidence.mean())
    found = confidence_at_equal_inputs(reference, window, novelty(reference, window, seed=0))
    assert abs(found.window - found.reference) < raw / 3
    less_sure = replace(window, probabilities=window.probabilities * 0.9 + 0.05)
    changed = confidence_at_equal_inputs(reference, less_sure, novelty(reference, less_sure, seed=0))
    assert changed.certain
    assert changed.high < 0


def test_samples_that_do_not_overlap_are_not_compared(draw):
    reference, window = draw(500, seed=1), draw(500, seed=2, shift=9.0)
    assert confidence_at_equal_inputs(reference, window, novelty(reference, window, seed=0)) is None
