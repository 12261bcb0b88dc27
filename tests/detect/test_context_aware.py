"""Context-aware MMD of both backends on the same rows and contexts; alibi-detect's takes seconds a run."""

from __future__ import annotations

import numpy as np
import pytest

from modelmonitor.detect.registry import detector
from modelmonitor.sample import UNLABELLED, Sample


def sample(n: int, *, seed: int, positive: float, shift: float = 0.0) -> Sample:
    """Embeddings that follow the predicted probability, and a shift that does not."""
    generator = np.random.default_rng(seed)
    share = np.where(generator.random(n) < positive, generator.beta(8, 2, n), generator.beta(2, 8, n))
    embeddings = generator.normal(size=(n, 6))
    embeddings[:, 0] += 4.0 * share
    embeddings[:, 1] += shift
    return Sample(
        classes=("no", "yes"),
        prediction_ids=tuple(map(str, range(n))),
        texts=(None,) * n,
        probabilities=np.stack([1 - share, share], axis=1).astype(np.float32),
        embeddings=embeddings.astype(np.float32),
        predicted_at=np.zeros(n, dtype="datetime64[us]"),
        labels=np.full(n, UNLABELLED, dtype=np.int64),
    )


@pytest.mark.parametrize("backend", ["native", "alibi-detect"])
@pytest.mark.timeout(300)
def test_only_a_difference_at_equal_predictions_counts(backend):
    run = detector("context-mmd", backend=backend, params={"components": 0})
    reference = sample(100, seed=1, positive=0.5)
    mix = run(reference, sample(80, seed=2, positive=0.75), level=0.02, seed=0)
    drift = run(reference, sample(80, seed=3, positive=0.75, shift=1.5), level=0.02, seed=0)
    assert (mix.p_value > 0.02, drift.p_value <= 0.02) == (True, True)
    assert drift.effect_size > mix.effect_size


@pytest.mark.timeout(300)
def test_both_backends_measure_the_same_distance():
    reference, window = sample(120, seed=1, positive=0.5), sample(100, seed=2, positive=0.6, shift=1.5)
    ours, theirs = (
        np.mean(
            [
                detector("context-mmd", backend=backend, params={"components": 0, "max_permutations": 9})(
                    reference, window, level=0.1, seed=seed
                ).statistic
                for seed in range(6)
            ]
        )
        for backend in ("native", "alibi-detect")
    )
    # Each draws its own quarter of the window as the contexts, so means agree and not each run.
    assert theirs == pytest.approx(ours, rel=0.25)
