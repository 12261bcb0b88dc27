"""What changed, where, how much and whether it hurts, in one line that fits an alert."""

from __future__ import annotations

from typing import Final

from modelmonitor.report.check import CheckReport
from modelmonitor.report.model import RunReport
from modelmonitor.report.novel import DriftedPartReport
from modelmonitor.report.wording import percent

LIMIT: Final = 256
_WORDS: Final = 5
_SEGMENTS: Final = 2


def explanation(report: RunReport, check: CheckReport) -> str | None:
    """The line for a check that drifted; None for others, and where nothing is known.

    It holds words only where the privacy setting lets texts be kept, and never a text.
    """
    if check.verdict.outcome != "Drift":
        return None
    parts = [_words(report), _segments(check), _pattern(report), _part(report.drifted_part)]
    told = "; ".join(part for part in parts if part)
    return told if len(told) <= LIMIT else f"{told[: LIMIT - 1]}…"


def _words(report: RunReport) -> str:
    more = [word.word for word in report.examples.words if word.score > 0][:_WORDS]
    return f"more of {', '.join(more)}" if more else ""


def _segments(check: CheckReport) -> str:
    drifted = [segment for segment in check.segments if segment.verdict.outcome == "Drift"][:_SEGMENTS]
    names = [
        f"{segment.name} ({percent(segment.share)} of the difference)"
        if segment.share is not None
        else segment.name
        for segment in drifted
    ]
    return f"in {' and '.join(names)}" if names else ""


def _pattern(report: RunReport) -> str:
    stay = [each for each in (report.novelty.patterns if report.novelty else ()) if each.established]
    return f"new pattern: {stay[0].title} ({percent(stay[0].share)})" if stay else ""


def _part(part: DriftedPartReport | None) -> str:
    if part is None or part.low <= 0:
        return ""
    return f"at least {percent(part.low)} of the inputs, {harm(part)}"


def harm(part: DriftedPartReport) -> str:
    """Whether the model is worse on the drifted part, with the figures that say so."""
    inside, rest = part.inside, part.rest
    if inside.accuracy is not None and rest.accuracy is not None:
        return (
            f"accuracy there {percent(inside.accuracy)} by {inside.labelled:,} labels, "
            f"{percent(rest.accuracy)} elsewhere"
        )
    if inside.confidence is None or rest.confidence is None:
        return f"harm {part.harm}"
    told = f"confidence there {percent(inside.confidence)}, {percent(rest.confidence)} elsewhere"
    return f"{told}: harm {part.harm}"
