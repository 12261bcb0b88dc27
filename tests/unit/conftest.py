from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from modelmonitor.sample import Sample

MakeSample = Callable[..., Sample]


@pytest.fixture
def make_sample() -> MakeSample:
    """Builds a sample of two classes from its columns."""

    def make(
        *,
        texts: Sequence[str | None],
        positive: Sequence[float],
        labels: Sequence[int],
        embeddings: object = None,
    ) -> Sample:
        n = len(texts)
        probabilities = np.column_stack([1 - np.asarray(positive), positive]).astype(np.float32)
        return Sample(
            classes=("negative", "positive"),
            prediction_ids=tuple(f"id-{i}" for i in range(n)),
            texts=tuple(texts),
            probabilities=probabilities,
            embeddings=None if embeddings is None else np.asarray(embeddings, dtype=np.float32),
            predicted_at=np.full(n, np.datetime64("2025-01-01T00:00:00", "us")),
            labels=np.asarray(labels, dtype=np.int64),
        )

    return make
