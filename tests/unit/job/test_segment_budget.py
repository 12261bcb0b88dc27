"""A check that is split spends no more of the false-alarm budget than one that is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from scipy.stats import binom

from modelmonitor.api.load import load_monitor
from modelmonitor.decide.thresholds import EffectThresholds
from modelmonitor.job.judge import judge
from modelmonitor.job.plan import plan_run
from modelmonitor.job.window import Window

END = datetime(2026, 11, 23, tzinfo=UTC)
LEVEL = 0.2
RUNS = 80
MONITOR = """\
apiVersion: modelmonitor.io/v1alpha1
kind: ModelMonitor
metadata: {name: sentiment, namespace: ml}
spec:
  target: {inferenceService: sentiment}
  reference: {dataset: movie-reviews}
  checks:
    - name: concept
      type: concept
      detector: {name: chi-square, backend: native}
      segments: [channel, language]
      window: {minRows: 50}
"""


@pytest.fixture
def check():
    """The check with a level that 80 runs can tell, and without a floor for the effect."""
    (planned,) = plan_run(load_monitor(MONITOR, source="test")).checks
    tests = tuple(replace(test, level=LEVEL, thresholds=EffectThresholds(0.0, 0.0)) for test in planned.tests)
    return replace(planned, tests=tests)


@pytest.mark.parametrize("known", [True, False])
def test_without_drift_a_split_check_is_significant_as_rarely_as_its_level_says(check, make_sample, known):
    generator = np.random.default_rng(7)

    def draw(n, *, split):
        sample = make_sample(
            texts=[None] * n, positive=np.where(generator.random(n) < 0.5, 0.9, 0.1), labels=[-1] * n
        )
        segments = tuple(
            {"channel": channel, "language": language}
            for channel, language in zip(
                generator.choice(["app", "web", "shop"], n), generator.choice(["de", "en"], n), strict=True
            )
        )
        return replace(sample, segments=segments if split else ())

    alarms = 0
    for run in range(RUNS):
        window = Window(END - timedelta(days=1), END, 600, sample=draw(600, split=True))
        found = judge(check, reference=draw(800, split=known), window=window, space="", seed=run)
        assert len(found.segments) == 5
        alarms += found.verdict.outcome == "Drift"
    assert alarms <= binom.ppf(0.999, RUNS, LEVEL)
    assert alarms > 0
