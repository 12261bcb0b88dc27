from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelmonitor.decide.thresholds import DEFAULT_THRESHOLDS, EffectThresholds
from modelmonitor.decide.verdict import Drift, Inconclusive, NoDrift, Verdict, decide
from modelmonitor.detect.catalogue import ENTRIES
from modelmonitor.detect.finding import Finding

THRESHOLDS = EffectThresholds(warning=0.05, critical=0.15)
FOUND = Finding(
    detector="mmd",
    backend="native",
    feature="embedding",
    statistic=0.02,
    p_value=0.001,
    effect_size=0.3,
    effect_name="distance",
    n_reference=1000,
    n_window=300,
    parameters={},
    smallest_p_value=0.001,
    significant_effect=0.04,
)
P_VALUES = st.floats(min_value=1e-6, max_value=1)
EFFECTS = st.floats(min_value=0, max_value=2)


def judge(finding: Finding) -> Verdict:
    return decide(finding, level=0.01, thresholds=THRESHOLDS, min_rows=200)


def severity(verdict: Verdict) -> int:
    match verdict:
        case NoDrift():
            return 0
        case Inconclusive():
            return 1
        case Drift(severity="warning"):
            return 2
        case Drift():
            return 3


@pytest.mark.parametrize(
    ("finding", "verdict"),
    [
        (
            FOUND,
            Drift(
                "critical",
                "The embedding of 300 predictions differs from 1000 of the reference by 0.3, not by chance "
                "(p = 0.001) and at or above the critical threshold 0.15.",
            ),
        ),
        (
            replace(FOUND, effect_size=0.07),
            Drift(
                "warning",
                "The embedding of 300 predictions differs from 1000 of the reference by 0.07, not by chance "
                "(p = 0.001) and at or above the warning threshold 0.05.",
            ),
        ),
        (
            replace(FOUND, effect_size=0.02),
            NoDrift(
                "The embedding of 300 predictions differs from 1000 of the reference by 0.02, not by chance "
                "(p = 0.001), but below 0.05, from which on it matters."
            ),
        ),
        (
            replace(FOUND, p_value=0.4, effect_size=0.02),
            NoDrift(
                "The embedding of 300 predictions differs from 1000 of the reference by 0.02, which chance "
                "explains (p = 0.4 > 0.01); with these rows a difference from 0.04 on would show."
            ),
        ),
        (
            replace(FOUND, p_value=0.02, effect_size=0.2),
            Inconclusive(
                "large but uncertain effect",
                "The embedding of 300 predictions differs from 1000 of the reference by 0.2, which chance "
                "explains (p = 0.02 > 0.01), yet it would be critical from 0.15 on: more rows are needed.",
            ),
        ),
        (
            replace(FOUND, n_window=199),
            Inconclusive("too few rows", "The window has 199 rows of the 200 needed."),
        ),
        (
            replace(FOUND, n_reference=20),
            Inconclusive("too few rows", "The reference has 20 rows of the 200 needed."),
        ),
        (
            replace(FOUND, smallest_p_value=0.02, p_value=0.02),
            Inconclusive(
                "too few permutations",
                "This test cannot give a p-value below 0.02 and the false-alarm budget asks for 0.01: "
                "run fewer checks, allow more false alarms, or choose backend native.",
            ),
        ),
        (
            replace(FOUND, p_value=None),
            Inconclusive(
                "no test",
                "The embedding of 300 predictions differs from 1000 of the reference by 0.3, "
                "but mmd has no significance test.",
            ),
        ),
    ],
)
def test_each_verdict_says_rows_effect_and_threshold_in_one_sentence(finding, verdict):
    assert judge(finding) == verdict


@given(P_VALUES, EFFECTS, EFFECTS)
def test_a_larger_effect_never_makes_the_verdict_milder(p_value, one, other):
    smaller, larger = sorted((one, other))
    assert severity(judge(replace(FOUND, p_value=p_value, effect_size=smaller))) <= severity(
        judge(replace(FOUND, p_value=p_value, effect_size=larger))
    )


@given(EFFECTS, P_VALUES, P_VALUES)
def test_a_smaller_p_value_never_makes_the_verdict_milder(effect, one, other):
    smaller, larger = sorted((one, other))
    assert severity(judge(replace(FOUND, p_value=larger, effect_size=effect))) <= severity(
        judge(replace(FOUND, p_value=smaller, effect_size=effect))
    )


@given(P_VALUES, EFFECTS, st.integers(min_value=0, max_value=400))
def test_drift_is_certain_and_large_and_on_enough_rows(p_value, effect, rows):
    verdict = judge(replace(FOUND, p_value=p_value, effect_size=effect, n_window=rows))
    assert isinstance(verdict, Drift) == (p_value <= 0.01 and effect >= 0.05 and rows >= 200)


def test_every_detector_has_default_thresholds():
    assert {entry.name for entry in ENTRIES} == set(DEFAULT_THRESHOLDS)


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match=r"warning <= critical, got 0\.2 and 0\.1"):
        EffectThresholds(warning=0.2, critical=0.1)
