"""A faster variant is approved only if its labels are the exact model's and no batch changes its scores."""

from __future__ import annotations

import numpy as np
import pytest

from model_server.inference.agreement import Agreement, compare
from model_server.inference.calibration import calibration_texts, companions


def scores(*positive: float) -> np.ndarray:
    return np.array([[1 - p, p] for p in positive], dtype=np.float32)


MANY = [0.1, 0.9] * 100


def test_equal_scores_agree() -> None:
    exact = scores(*MANY)
    agreement = compare(exact, exact, alone=exact[:4], among_others=exact[:4])

    assert agreement == Agreement(labels=1.0, score_shift=0.0, batch_shift=0.0)
    assert agreement.passes


@pytest.mark.parametrize(("wrong", "passes"), [(1, True), (2, False)])
def test_one_label_in_200_may_differ(wrong: int, passes: bool) -> None:
    variant = scores(*([0.6] * wrong + MANY[wrong:])) if wrong == 1 else scores(0.6, 0.4, *MANY[2:])
    agreement = compare(scores(*MANY), variant, alone=scores(0.5), among_others=scores(0.5))

    assert (agreement.labels, agreement.passes) == (1 - wrong / 200, passes)
    assert f"{1 - wrong / 200:.2%} of the labels agree" in agreement.sentence()


def test_a_score_that_depends_on_its_batch_fails() -> None:
    exact = scores(*MANY)
    agreement = compare(exact, exact, alone=scores(0.7), among_others=scores(0.72))

    assert (round(agreement.batch_shift, 4), agreement.passes) == (0.02, False)


def test_scores_that_are_no_numbers_fail() -> None:
    exact = scores(*MANY)

    assert not compare(exact, exact * np.nan, alone=exact[:1], among_others=exact[:1]).passes


def test_the_calibration_texts_differ_in_words_and_length() -> None:
    texts = calibration_texts()
    words = sorted(len(text.split()) for text in texts)

    assert len(set(texts)) == len(texts) >= 500
    assert words[0] <= 3 < 12 <= words[len(words) // 2] <= 30 < 60 <= words[-1]
    assert not set(texts) & set(companions())
