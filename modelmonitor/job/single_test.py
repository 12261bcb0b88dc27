"""One statistical test on one part of a window: what was found, and what is decided from it."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from modelmonitor.decide.sensitivity import minimum_detectable_effect
from modelmonitor.decide.verdict import Drift, Inconclusive, NoDrift, Verdict, decide
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.missing import MissingColumn, NothingToCompare
from modelmonitor.job.bulk import find
from modelmonitor.job.plan import PlannedTest
from modelmonitor.job.window import Obstacle, Part
from modelmonitor.report.check import FindingReport, VerdictReport
from modelmonitor.report.text import shown
from modelmonitor.sample import Sample

_SENTENCE_LIMIT = 500


def run_test(
    test: PlannedTest, *, reference: Sample, part: Part, min_rows: int, seed: int
) -> FindingReport | Obstacle:
    """The finding of a test, or why the data do not allow one.

    Args:
        test: with its level.
        reference: what normal looks like.
        part: what is tested.
        min_rows: with fewer rows on a side the verdict is inconclusive.
        seed: of every random choice.

    Raises:
        DetectionError: the detector's package is missing or its parameters do not fit.
    """
    try:
        finding = find(
            test.detector,
            test.name,
            reference=reference,
            sample=part.sample,
            bulk=part.bulk,
            level=test.level,
            seed=seed,
        )
    except (MissingColumn, NothingToCompare) as error:
        return Obstacle("MissingData", _sentence(str(error)))
    verdict = _decided(finding, test, reference=reference, window=part.columns, min_rows=min_rows)
    return _reported(finding, test, verdict, since=part.start)


def _decided(
    finding: Finding, test: PlannedTest, *, reference: Sample, window: Sample, min_rows: int
) -> Verdict:
    if not math.isfinite(finding.effect_size):
        return Inconclusive("no test", f"{finding.detector} gave no number for the {finding.feature}.")
    # A test that draws a sample has enough rows when its window has: it need not use them all.
    needed = min(min_rows, getattr(test.detector, "max_rows", min_rows))
    verdict = decide(finding, level=test.level, thresholds=test.thresholds, min_rows=needed)
    if not (test.only_a_fall and isinstance(verdict, Drift)):
        return verdict
    before, now = float(reference.confidence.mean()), float(window.confidence.mean())
    if now < before:
        fell = f"Mean confidence fell from {before:.1%} to {now:.1%}."
        return replace(verdict, explanation=f"{fell} {verdict.explanation}")
    return NoDrift(f"Mean confidence rose from {before:.1%} to {now:.1%}, which is no degradation.")


def _reported(finding: Finding, test: PlannedTest, verdict: Verdict, *, since: datetime) -> FindingReport:
    return FindingReport(
        detector=finding.detector,
        backend=finding.backend,
        feature=finding.feature,
        statistic=_finite(finding.statistic),
        p_value=finding.p_value,
        effect_size=_finite(finding.effect_size),
        effect_name=finding.effect_name,
        effect_warning=test.thresholds.warning,
        effect_critical=test.thresholds.critical,
        level=test.level,
        n_reference=finding.n_reference,
        n_window=finding.n_window,
        parameters=dict(finding.parameters),
        verdict=_verdict(verdict),
        sentence=verdict.explanation,
        since=since,
        minimum_detectable_effect=minimum_detectable_effect(finding, level=test.level),
    )


def _finite(value: float) -> float:
    return float(value) if math.isfinite(value) else 0.0


def _verdict(verdict: Verdict) -> VerdictReport:
    match verdict:
        case Drift(severity=severity):
            return VerdictReport(outcome="Drift", severity=severity)
        case Inconclusive(explanation=explanation):
            return inconclusive(Obstacle(code_of(verdict.reason), explanation))
        case NoDrift():
            return VerdictReport(outcome="NoDrift")


def code_of(phrase: str) -> str:
    """A phrase as one word: "too few rows" becomes TooFewRows."""
    return "".join(word.capitalize() for word in phrase.split())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def inconclusive(obstacle: Obstacle) -> VerdictReport:
    """The verdict where something is missing."""
    reason = shown(obstacle.sentence, _SENTENCE_LIMIT)[0]
    return VerdictReport(outcome="Inconclusive", reason=reason, code=obstacle.code)


def too_few_rows(side: str, rows: int, *, min_rows: int) -> Obstacle | None:
    """What is missing where a side has fewer rows than a test needs; None if it has enough."""
    if rows >= min_rows:
        return None
    return Obstacle("TooFewRows", f"The {side} has {rows} rows of the {min_rows} needed.")
