from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from modelmonitor.estimate.accuracy import NeedsLabelledReference, NeedsMoreRows, estimate_accuracy
from modelmonitor.estimate.novelty import novelty
from modelmonitor.sample import UNLABELLED, Sample

Draw = Callable[..., Sample]


@pytest.fixture
def draw(make_sample) -> Draw:
    """Draws rows whose true class is the sign of one coordinate, read by an overconfident model.

    Of the rows, the share `foreign` lies elsewhere; there the model is as sure, but only guesses.
    """

    def make(n: int, *, seed: int, foreign: float = 0.0) -> Sample:
        generator = np.random.default_rng(seed)
        embeddings = generator.normal(size=(n, 8))
        new = generator.random(n) < foreign
        embeddings[new, 1] += 6
        positive = 1 / (1 + np.exp(-4 * embeddings[:, 0]))
        truth = generator.random(n) < np.where(new, 0.5, 1 / (1 + np.exp(-2 * embeddings[:, 0])))
        texts = [f"{'strange new thing' if x else 'usual old words'} {i % 7}" for i, x in enumerate(new)]
        return make_sample(texts=texts, positive=positive, labels=truth.astype(int), embeddings=embeddings)

    return make


def accuracy(sample: Sample) -> float:
    return float((sample.predicted == sample.labels).mean())


def unlabelled(sample: Sample) -> Sample:
    return replace(sample, labels=np.full(len(sample), UNLABELLED, dtype=np.int64))


def test_the_range_holds_the_truth_at_least_as_often_as_asked(draw):
    held = []
    for i in range(60):
        window = draw(300, seed=1000 + i, foreign=(0.0, 0.2, 0.5, 1.0)[i % 4])
        estimate = estimate_accuracy(draw(500, seed=i), unlabelled(window), seed=i)
        held.append(estimate.low <= accuracy(window) <= estimate.high)
    assert np.mean(held) >= 0.9


def test_without_drift_the_range_is_narrow_and_nothing_is_novel(draw):
    estimate = estimate_accuracy(draw(1000, seed=1), unlabelled(draw(1000, seed=2)), seed=0)
    assert estimate.high - estimate.low < 0.12
    assert estimate.novel_share < 0.08


def test_foreign_rows_widen_the_range_downwards_to_guessing(draw):
    estimate = estimate_accuracy(draw(500, seed=1), unlabelled(draw(300, seed=2, foreign=1.0)), seed=0)
    assert (estimate.low < 0.5 < estimate.high, estimate.novel_share > 0.95) == (True, True)


def test_the_novel_share_is_about_the_share_of_foreign_rows(draw):
    found = novelty(draw(800, seed=1), draw(800, seed=2, foreign=0.4), seed=0)
    assert found.share == pytest.approx(0.4, abs=0.08)


def test_texts_stand_in_for_missing_embeddings(draw):
    reference, window = (replace(draw(300, seed=i, foreign=i * 0.5), embeddings=None) for i in range(2))
    assert novelty(reference, window, seed=0).share == pytest.approx(0.5, abs=0.08)


def test_without_embeddings_and_texts_everything_may_be_novel(draw):
    window = draw(300, seed=2)
    bare = replace(window, embeddings=None, texts=(None,) * 300)
    estimate = estimate_accuracy(draw(300, seed=1), bare, seed=0)
    assert (estimate.novel_share, estimate.low < 0.5) == (None, True)


def test_calibration_undoes_overconfidence(draw):
    window = draw(1000, seed=2)
    estimate = estimate_accuracy(draw(1000, seed=1), unlabelled(window), seed=0)
    assert float(window.confidence.mean()) > accuracy(window) + 0.05
    assert all(value == pytest.approx(accuracy(window), abs=0.035) for value in estimate.methods.values())


def test_the_same_seed_gives_the_same_estimate_and_labels_of_the_window_are_not_read(draw):
    reference, window = draw(200, seed=1), draw(200, seed=2, foreign=0.3)
    assert estimate_accuracy(reference, window, seed=5) == estimate_accuracy(
        reference, unlabelled(window), seed=5
    )


def test_a_reference_with_few_labels_is_refused(draw):
    with pytest.raises(NeedsLabelledReference, match="at least 50 labelled reference rows, there are 0"):
        estimate_accuracy(unlabelled(draw(100, seed=1)), draw(100, seed=2), seed=0)


def test_a_tiny_window_is_refused(draw):
    with pytest.raises(NeedsMoreRows, match="at least 20 rows in the window, there are 3"):
        estimate_accuracy(draw(100, seed=1), draw(3, seed=2), seed=0)


def test_a_reference_without_a_single_error_works(draw):
    reference = draw(200, seed=1)
    perfect = replace(reference, labels=reference.predicted)
    estimate = estimate_accuracy(perfect, draw(100, seed=2), seed=0)
    assert 0 <= estimate.low <= estimate.point <= estimate.high <= 1
