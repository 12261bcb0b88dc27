"""One check: run its tests on reference and window, decide each, and let the worst stand for the check."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime

from modelmonitor.decide.sensitivity import minimum_detectable_effect
from modelmonitor.decide.verdict import Drift, Inconclusive, NoDrift, Verdict, decide
from modelmonitor.detect.finding import Finding
from modelmonitor.detect.missing import MissingColumn, NothingToCompare
from modelmonitor.job.direction import fingerprint_of
from modelmonitor.job.plan import PlannedCheck, PlannedTest
from modelmonitor.job.window import Obstacle, Part, Window
from modelmonitor.report.check import CheckReport, FindingReport, VerdictReport, leading, worst
from modelmonitor.report.text import shown
from modelmonitor.report.wording import check_sentence
from modelmonitor.sample import Sample

NO_REFERENCE = Obstacle(
    "NoReference", "There is no reference to compare with: build one with initialize_reference_data."
)
_SENTENCE_LIMIT = 500


def judge(
    check: PlannedCheck, *, reference: Sample | None, window: Window, space: str, seed: int
) -> CheckReport:
    """The verdict of one check.

    Every test looks at the whole window and, where runs are closer together than the window is long, at its
    newest parts; the most telling part stands for the test. Whatever the data lack (a reference, rows, a
    column) makes the check inconclusive with the reason; only a detector that cannot be built or installed
    raises.

    Args:
        check: what to test.
        reference: what normal looks like.
        window: the predictions.
        space: names the space of the embeddings, such as the model's version.
        seed: of every random choice.

    Raises:
        DetectionError: the detector's package is missing or its parameters do not fit.
    """
    obstacle = _obstacle(check, reference=reference, window=window)
    if obstacle or reference is None or window.sample is None:
        return _closed(check, window, findings=(), verdict=_inconclusive(obstacle or NO_REFERENCE))
    judged = [
        _most_telling(test, check, reference=reference, window=window, seed=seed) for test in check.tests
    ]
    findings = tuple(item for item in judged if isinstance(item, FindingReport))
    missing = tuple(_inconclusive(item) for item in judged if isinstance(item, Obstacle))
    verdicts = tuple(finding.verdict for finding in findings) or missing
    found = _closed(check, window, findings=findings, verdict=worst(verdicts))
    if found.leading is None or found.verdict.outcome != "Drift":
        return found
    direction = fingerprint_of(reference, _part_of(found.leading, window), space=space)
    return found.model_copy(update={"fingerprint": direction})


def _most_telling(
    test: PlannedTest, check: PlannedCheck, *, reference: Sample, window: Window, seed: int
) -> FindingReport | Obstacle:
    """The finding of the part of the window with the worst verdict, then the smallest p-value."""
    parts = [part for part in window.parts if len(part.sample) >= check.min_rows]
    judged = [_run(test, check, reference=reference, part=part, seed=seed) for part in parts]
    findings = tuple(item for item in judged if isinstance(item, FindingReport))
    chosen = leading(findings)
    return judged[0] if chosen is None else chosen.model_copy(update={"parts": len(findings)})


def _part_of(finding: FindingReport, window: Window) -> Sample:
    return next(part.sample for part in window.parts if part.start == finding.since)


def _obstacle(check: PlannedCheck, *, reference: Sample | None, window: Window) -> Obstacle | None:
    if window.sample is None or reference is None:
        return window.obstacle or NO_REFERENCE
    for side, rows in (("window", len(window.sample)), ("reference", len(reference))):
        if rows < check.min_rows:
            return Obstacle("TooFewRows", f"The {side} has {rows} rows of the {check.min_rows} needed.")
    return None


def _run(
    test: PlannedTest, check: PlannedCheck, *, reference: Sample, part: Part, seed: int
) -> FindingReport | Obstacle:
    try:
        finding = test.detector(reference, part.sample, level=test.level, seed=seed)
    except (MissingColumn, NothingToCompare) as error:
        return Obstacle("MissingData", _sentence(str(error)))
    verdict = _decided(finding, test, check, reference=reference, window=part.sample)
    return _reported(finding, test, verdict, since=part.start)


def _decided(
    finding: Finding, test: PlannedTest, check: PlannedCheck, *, reference: Sample, window: Sample
) -> Verdict:
    if not math.isfinite(finding.effect_size):
        return Inconclusive("no test", f"{finding.detector} gave no number for the {finding.feature}.")
    verdict = decide(finding, level=test.level, thresholds=test.thresholds, min_rows=check.min_rows)
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
            return _inconclusive(Obstacle(code_of(verdict.reason), explanation))
        case NoDrift():
            return VerdictReport(outcome="NoDrift")


def code_of(phrase: str) -> str:
    """A phrase as one word: "too few rows" becomes TooFewRows."""
    return "".join(word.capitalize() for word in phrase.split())


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _inconclusive(obstacle: Obstacle) -> VerdictReport:
    reason = shown(obstacle.sentence, _SENTENCE_LIMIT)[0]
    return VerdictReport(outcome="Inconclusive", reason=reason, code=obstacle.code)


def _closed(
    check: PlannedCheck, window: Window, *, findings: tuple[FindingReport, ...], verdict: VerdictReport
) -> CheckReport:
    return CheckReport(
        name=check.name,
        type=check.type,
        detector=check.tests[0].name,
        backend=check.tests[0].backend,
        level=check.parts * sum(test.level for test in check.tests),
        suspected=check.type == "concept",
        window=window.summary(),
        findings=findings,
        verdict=verdict,
        sentence=check_sentence(check.type, verdict, findings=findings),
    )
