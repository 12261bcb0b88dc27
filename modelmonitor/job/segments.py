"""The tests of a check on each segment of its window, with the segment's quality and share of the drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modelmonitor.estimate.labelled import counts_of
from modelmonitor.explain.segments import Segment, shares, split
from modelmonitor.explain.witness import witness
from modelmonitor.job.plan import PlannedCheck, PlannedTest
from modelmonitor.job.quality import estimated, measured
from modelmonitor.job.single_test import inconclusive, run_test, too_few_rows
from modelmonitor.job.window import Obstacle, Part, Window
from modelmonitor.report.check import FindingReport, SegmentReport, worst
from modelmonitor.report.text import shown
from modelmonitor.sample import Sample

_NAME_LIMIT: Final = 140


@dataclass(frozen=True, slots=True)
class Splits:
    """The segments of a window by all columns of a check.

    Attributes:
        segments: column after column.
        testable: how many have enough rows on both sides.
    """

    segments: tuple[Segment, ...]
    testable: int


def split_window(check: PlannedCheck, *, reference: Sample, window: Sample) -> Splits:
    """Split a window by the columns that the check names."""
    segments = tuple(
        segment
        for key in check.segments
        for segment in split(reference, window, key=key, min_rows=check.min_rows)
    )
    return Splits(segments, sum(_obstacle(segment, check) is None for segment in segments))


def judge_segments(
    splits: Splits,
    tests: Sequence[PlannedTest],
    check: PlannedCheck,
    *,
    reference: Sample,
    window: Window,
    seed: int,
    with_quality: bool,
) -> tuple[SegmentReport, ...]:
    """The findings of each segment; one with too few rows is inconclusive.

    Args:
        splits: of the window.
        tests: of the check, with the level of one segment.
        check: whose segments.
        reference: what normal looks like.
        window: all of it.
        seed: of every random choice.
        with_quality: whether accuracy is told too.
    """
    assert window.sample is not None  # noqa: S101 - it was split
    found = []
    for segment in splits.segments:
        old, new = reference.take(segment.reference_rows), window.sample.take(segment.rows)
        report = _tested(segment, tests, check, old=old, part=Part(window.start, new), seed=seed)
        quality = _quality(reference, new, seed=seed) if with_quality else {}
        found.append(report.model_copy(update=quality))
    return tuple(found)


def _tested(
    segment: Segment,
    tests: Sequence[PlannedTest],
    check: PlannedCheck,
    *,
    old: Sample,
    part: Part,
    seed: int,
) -> SegmentReport:
    obstacle = _obstacle(segment, check)
    judged = (
        [obstacle]
        if obstacle
        else [run_test(test, reference=old, part=part, min_rows=check.min_rows, seed=seed) for test in tests]
    )
    findings = tuple(_placed(item, segment) for item in judged if isinstance(item, FindingReport))
    missing = tuple(inconclusive(item) for item in judged if isinstance(item, Obstacle))
    return SegmentReport(
        name=name_of(segment),
        rows=len(part.sample),
        reference_rows=len(old),
        like_with_like=segment.like_with_like,
        findings=findings,
        verdict=worst(tuple(finding.verdict for finding in findings) or missing),
    )


def name_of(segment: Segment) -> str:
    """Its name, safe to show."""
    return shown(segment.name, _NAME_LIMIT)[0]


def _placed(finding: FindingReport, segment: Segment) -> FindingReport:
    name = name_of(segment)
    return finding.model_copy(update={"segment": name, "sentence": f"In {name}: {finding.sentence}"})


def _obstacle(segment: Segment, check: PlannedCheck) -> Obstacle | None:
    return too_few_rows("segment", len(segment.rows), min_rows=check.min_rows) or too_few_rows(
        "segment's reference", len(segment.reference_rows), min_rows=check.min_rows
    )


def _quality(reference: Sample, segment: Sample, *, seed: int) -> dict[str, object]:
    counts = counts_of(segment)
    return {"labelled": measured(counts), "estimate": estimated(reference, segment, seed=seed)}


def with_shares(
    reports: tuple[SegmentReport, ...],
    splits: Splits,
    check: PlannedCheck,
    *,
    reference: Sample,
    window: Window,
    seed: int,
) -> tuple[SegmentReport, ...]:
    """The reports with each segment's share of the difference of the inputs; only for checks of data."""
    if check.type != "data" or window.sample is None or not reports:
        return reports
    found = witness(reference, window.sample, seed=seed)
    if found is None:
        return reports
    parts = [
        share
        for key in check.segments
        for share in shares(found, [segment for segment in splits.segments if segment.key == key])
    ]
    return tuple(
        report.model_copy(update={"share": share}) for report, share in zip(reports, parts, strict=True)
    )
