from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ks_2samp

from modelmonitor.decide.sensitivity import ks_border, minimum_detectable_effect
from modelmonitor.detect.finding import Finding

FOUND = Finding(
    detector="ks",
    backend="native",
    feature="confidence",
    statistic=0.1,
    p_value=0.2,
    effect_size=0.1,
    effect_name="distance",
    n_reference=1000,
    n_window=400,
    parameters={},
)


def test_an_effect_of_that_size_is_found_about_four_times_of_five():
    effect = minimum_detectable_effect(FOUND, level=0.01)
    generator = np.random.default_rng(0)
    found = []
    for _ in range(300):
        # Uniform against a mixture that moves the share `effect` across the middle: the distance is `effect`.
        window = generator.random(400)
        moved = generator.random(400) < 2 * effect
        window[moved] = 0.5 + window[moved] / 2
        found.append(ks_2samp(generator.random(1000), window).pvalue <= 0.01)
    assert 0.7 <= np.mean(found) <= 0.97


def test_more_rows_and_a_looser_level_see_smaller_effects():
    strict, loose = (ks_border(1000, 400, level=level) for level in (0.001, 0.05))
    assert loose < strict
    assert ks_border(1000, 4000, level=0.001) < strict


@pytest.mark.parametrize(("n", "level"), [(0, 0.01), (400, 0.5)])
def test_what_cannot_be_told_is_not(n, level):
    from dataclasses import replace

    assert minimum_detectable_effect(replace(FOUND, n_window=n), level=level) is None
    assert minimum_detectable_effect(replace(FOUND, detector="mmd"), level=0.01) is None
