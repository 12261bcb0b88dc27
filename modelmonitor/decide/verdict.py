"""The verdict on a finding: certain at the budgeted level, large enough to matter, on enough rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modelmonitor.decide.thresholds import EffectThresholds
from modelmonitor.detect.finding import Finding

Severity = Literal["warning", "critical"]
Reason = Literal["too few rows", "no test", "too few permutations", "large but uncertain effect"]


@dataclass(frozen=True, slots=True)
class NoDrift:
    """No difference that is both certain and large enough to matter.

    Attributes:
        explanation: one sentence with rows, effect and threshold.
    """

    explanation: str


@dataclass(frozen=True, slots=True)
class Drift:
    """A certain difference that matters.

    Attributes:
        severity: which threshold the effect reached.
        explanation: one sentence with rows, effect and threshold.
    """

    severity: Severity
    explanation: str


@dataclass(frozen=True, slots=True)
class Inconclusive:
    """The data do not allow a verdict; this is not "all well".

    Attributes:
        reason: why, as a fixed phrase.
        explanation: one sentence with rows, effect and what would help.
    """

    reason: Reason
    explanation: str


Verdict = NoDrift | Drift | Inconclusive


def decide(finding: Finding, *, level: float, thresholds: EffectThresholds, min_rows: int) -> Verdict:
    """Judge one finding.

    Args:
        finding: what a detector measured.
        level: significance level of this test, from `level_per_test`.
        thresholds: effect sizes that matter.
        min_rows: rows that the window and the reference must have.
    """
    obstacle = _obstacle(finding, level=level, min_rows=min_rows)
    if obstacle:
        return obstacle
    if finding.p_value is None or finding.p_value > level:
        return _not_significant(finding, level=level, thresholds=thresholds)
    return _significant(finding, thresholds=thresholds)


def _obstacle(finding: Finding, *, level: float, min_rows: int) -> Inconclusive | None:
    """Why this finding cannot be judged at all, if so."""
    for side, rows in (("window", finding.n_window), ("reference", finding.n_reference)):
        if rows < min_rows:
            return Inconclusive("too few rows", f"The {side} has {rows} rows of the {min_rows} needed.")
    if finding.p_value is None:
        return Inconclusive(
            "no test", f"{_measured(finding)}, but {finding.detector} has no significance test."
        )
    if finding.smallest_p_value > level:
        return Inconclusive(
            "too few permutations",
            f"This test cannot give a p-value below {finding.smallest_p_value:.2g} and the false-alarm "
            f"budget asks for {level:.2g}: run fewer checks, allow more false alarms, "
            "or choose backend native.",
        )
    return None


def _not_significant(
    finding: Finding, *, level: float, thresholds: EffectThresholds
) -> NoDrift | Inconclusive:
    uncertain = f"{_measured(finding)}, which chance explains (p = {finding.p_value:.2g} > {level:.2g})"
    if finding.effect_size >= thresholds.critical:
        return Inconclusive(
            "large but uncertain effect",
            f"{uncertain}, yet it would be critical from {thresholds.critical:.3g} on: more rows are needed.",
        )
    return NoDrift(f"{uncertain}{_sensitivity(finding)}.")


def _significant(finding: Finding, *, thresholds: EffectThresholds) -> Verdict:
    certain = f"{_measured(finding)}, not by chance (p = {finding.p_value:.2g})"
    if finding.effect_size >= thresholds.critical:
        return Drift(
            "critical", f"{certain} and at or above the critical threshold {thresholds.critical:.3g}."
        )
    if finding.effect_size >= thresholds.warning:
        return Drift("warning", f"{certain} and at or above the warning threshold {thresholds.warning:.3g}.")
    return NoDrift(f"{certain}, but below {thresholds.warning:.3g}, from which on it matters.")


def _measured(finding: Finding) -> str:
    return (
        f"The {finding.feature} of {finding.n_window} predictions differs from {finding.n_reference} of the "
        f"reference by {finding.effect_size:.3g}"
    )


def _sensitivity(finding: Finding) -> str:
    if finding.significant_effect is None:
        return ""
    return f"; with these rows a difference from {finding.significant_effect:.2g} on would show"
