from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from modelmonitor.sample import UNLABELLED, Sample

WORDS = (
    "the",
    "film",
    "plot",
    "actor",
    "scene",
    "good",
    "bad",
    "fine",
    "dull",
    "sharp",
    "warm",
    "slow",
    "story",
    "music",
    "light",
    "end",
)

MakeSample = Callable[..., Sample]


@pytest.fixture
def make_sample() -> MakeSample:
    """Draws a sample; `shift` moves its embeddings and `new_words` replaces that share of its words."""

    def make(
        n: int,
        *,
        seed: int,
        shift: float = 0.0,
        new_words: float = 0.0,
        positive: float = 0.5,
        classes: int = 2,
    ) -> Sample:
        generator = np.random.default_rng(seed)
        embeddings = generator.normal(size=(n, 24)).astype(np.float32) * np.linspace(
            4, 0.2, 24, dtype=np.float32
        )
        embeddings[:, 5:9] += shift
        shares = np.r_[positive, np.full(classes - 1, (1 - positive) / (classes - 1))]
        predicted = generator.choice(classes, size=n, p=shares)
        confidence = generator.beta(8, 2, size=n) * (1 - 1 / classes) + 1 / classes
        probabilities = np.repeat(((1 - confidence) / (classes - 1))[:, None], classes, axis=1)
        probabilities[np.arange(n), predicted] = confidence
        words = generator.choice(WORDS, size=(n, 8))
        words = np.where(generator.random((n, 8)) < new_words, "refund", words)
        return Sample(
            classes=tuple(f"class {i}" for i in range(classes)),
            prediction_ids=tuple(f"{seed}-{i}" for i in range(n)),
            texts=tuple(" ".join(row) for row in words),
            probabilities=probabilities.astype(np.float32),
            embeddings=embeddings,
            predicted_at=np.full(n, np.datetime64("2025-01-01T00:00:00", "us")),
            labels=np.full(n, UNLABELLED, dtype=np.int64),
        )

    return make
