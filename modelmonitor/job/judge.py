"""One check: run its tests on reference and window, decide each, and let the worst stand for the check."""

from __future__ import annotations

from dataclasses import replace

from modelmonitor.decide.budget import segment_levels
from modelmonitor.job.direction import fingerprint_of
from modelmonitor.job.plan import PlannedCheck, PlannedTest
from modelmonitor.job.segments import Splits, judge_segments, name_of, split_window, with_shares
from modelmonitor.job.single_test import inconclusive, run_test, too_few_rows
from modelmonitor.job.window import Obstacle, Window
from modelmonitor.report.check import (
    CheckReport,
    FindingReport,
    SegmentReport,
    VerdictReport,
    leading,
    worst,
)
from modelmonitor.report.wording import check_sentence
from modelmonitor.sample import Sample

NO_REFERENCE = Obstacle("NoReference", "There is no reference to compare with: name one in spec.reference.")


def judge(
    check: PlannedCheck,
    *,
    reference: Sample | None,
    window: Window,
    space: str,
    seed: int,
    with_quality: bool = False,
) -> CheckReport:
    """The verdict of one check.

    Every test looks at the whole window and, where runs are closer together than the window is long, at its
    newest parts; the most telling part stands for the test. Where the check names segments, each is tested
    too, and half of what the check may spend is theirs. Whatever the data lack (a reference, rows, a column)
    makes the check inconclusive with the reason; only a detector that cannot be built or installed raises.

    Args:
        check: what to test.
        reference: what normal looks like.
        window: the predictions.
        space: names the space of the embeddings, such as the model's version.
        seed: of every random choice.
        with_quality: whether the quality of segments is told with this check.

    Raises:
        DetectionError: the detector's package is missing or its parameters do not fit.
    """
    obstacle = _obstacle(check, reference=reference, window=window)
    if obstacle or reference is None or window.sample is None:
        return _closed(check, window, findings=(), verdict=inconclusive(obstacle or NO_REFERENCE))
    splits = split_window(check, reference=reference, window=window.sample)
    whole, each = segment_levels(1.0, parts=check.parts, segments=splits.testable)
    judged = [
        _most_telling(_at(test, whole), check, reference=reference, window=window, seed=seed)
        for test in check.tests
    ]
    findings = tuple(item for item in judged if isinstance(item, FindingReport))
    missing = tuple(inconclusive(item) for item in judged if isinstance(item, Obstacle))
    segments = judge_segments(
        splits,
        [_at(test, each) for test in check.tests],
        check,
        reference=reference,
        window=window,
        seed=seed,
        with_quality=with_quality,
    )
    verdicts = tuple(finding.verdict for finding in findings) or missing
    found = _closed(check, window, findings=findings, verdict=worst(verdicts), segments=segments)
    if found.leading is None or found.verdict.outcome != "Drift":
        return found
    old, new = _compared(found.leading, splits, reference=reference, window=window)
    return found.model_copy(
        update={
            "fingerprint": fingerprint_of(old, new, space=space),
            "segments": with_shares(segments, splits, check, reference=reference, window=window, seed=seed),
        }
    )


def _at(test: PlannedTest, share: float) -> PlannedTest:
    return replace(test, level=test.level * share)


def _most_telling(
    test: PlannedTest, check: PlannedCheck, *, reference: Sample, window: Window, seed: int
) -> FindingReport | Obstacle:
    """The finding of the part of the window with the worst verdict, then the smallest p-value."""
    parts = [part for part in window.parts if len(part.columns) >= check.min_rows]
    judged = [
        run_test(test, reference=reference, part=part, min_rows=check.min_rows, seed=seed) for part in parts
    ]
    findings = tuple(item for item in judged if isinstance(item, FindingReport))
    chosen = leading(findings)
    return judged[0] if chosen is None else chosen.model_copy(update={"parts": len(findings)})


def _compared(
    finding: FindingReport, splits: Splits, *, reference: Sample, window: Window
) -> tuple[Sample, Sample]:
    """The two samples that a finding compared."""
    for segment in splits.segments:
        if name_of(segment) == finding.segment and window.sample is not None:
            return reference.take(segment.reference_rows), window.sample.take(segment.rows)
    return reference, next(part.sample for part in window.parts if part.start == finding.since)


def _obstacle(check: PlannedCheck, *, reference: Sample | None, window: Window) -> Obstacle | None:
    if window.columns is None or reference is None:
        return window.obstacle or NO_REFERENCE
    return too_few_rows("window", len(window.columns), min_rows=check.min_rows) or too_few_rows(
        "reference", len(reference), min_rows=check.min_rows
    )


def _closed(
    check: PlannedCheck,
    window: Window,
    *,
    findings: tuple[FindingReport, ...],
    verdict: VerdictReport,
    segments: tuple[SegmentReport, ...] = (),
) -> CheckReport:
    drifted = tuple(each for segment in segments for each in segment.findings if each.drifted)
    decided = worst((verdict, *(finding.verdict for finding in drifted)))
    return CheckReport(
        name=check.name,
        type=check.type,
        detector=check.tests[0].name,
        backend=check.tests[0].backend,
        level=check.parts * sum(test.level for test in check.tests),
        suspected=check.type == "concept",
        window=window.summary(),
        findings=findings,
        verdict=decided,
        sentence=check_sentence(check.type, decided, findings=(*findings, *drifted)),
        segments=segments,
    )
