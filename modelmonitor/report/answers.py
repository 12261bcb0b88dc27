"""The six questions that a person has, answered from a report: the first screen of every output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from modelmonitor.report.check import CheckReport, CheckType, Rank
from modelmonitor.report.explanation import harm
from modelmonitor.report.model import RunReport
from modelmonitor.report.quality import EstimateReport, LabelledReport
from modelmonitor.report.wording import amount, change, delay, p_value, percent, span

_ACTIONS: Final[dict[CheckType, str]] = {
    "data": "Investigate the source of the data; consider retraining on it.",
    "concept": "Label some recent predictions to confirm it, then retrain with recent data.",
    "performance": "Retrain or replace the model; until then treat its answers with care.",
}
_WORDS_NAMED: Final = 6
_NOTABLE_FALL: Final = 0.05
_NOTABLE_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Answers:
    """The first screen: each field answers one question in one or more sentences."""

    verdict: str
    changed: tuple[str, ...]
    since: str
    sure: str
    hurts: str
    action: tuple[str, ...]


def answers(report: RunReport) -> Answers:
    """Answer the six questions: verdict, what changed, since when, how sure, does it hurt, what to do."""
    return Answers(
        verdict=headline(report),
        changed=_changed(report),
        since=_since(report),
        sure=_sure(report),
        hurts=_hurts(report),
        action=_action(report),
    )


def headline(report: RunReport) -> str:
    """The verdict in a few words, such as "Critical data drift and suspected concept drift"."""
    rank = report.verdict.rank
    if rank is Rank.NONE:
        return "No drift"
    if rank is Rank.INCONCLUSIVE:
        return "Inconclusive"
    kinds = [f"suspected {check.type}" if check.suspected else check.type for check in _drifted(report)]
    listed = ", ".join(dict.fromkeys(kinds))
    head, comma, last = listed.rpartition(", ")
    return f"{rank.capitalize()}: {head + ' and ' if comma else ''}{last} drift"


def _drifted(report: RunReport) -> list[CheckReport]:
    return [check for check in report.checks if check.verdict.outcome == "Drift"]


def _changed(report: RunReport) -> tuple[str, ...]:
    drifted = _drifted(report)
    if drifted:
        return (*(change(check) for check in drifted), *_parts(drifted), *_words(report), *_patterns(report))
    unclear = [
        f"{check.name}: {check.sentence}" for check in report.checks if check.verdict.outcome != "NoDrift"
    ]
    return (*unclear, *_patterns(report)) or (
        "Nothing beyond chance: inputs, predictions and confidence look like the reference.",
    )


def _parts(drifted: Sequence[CheckReport]) -> tuple[str, ...]:
    """The segment of each column that makes most of the difference, where one stands out."""
    told = []
    for check in drifted:
        ranked = sorted((each for each in check.segments if each.share), key=lambda each: -(each.share or 0))
        if ranked and (ranked[0].share or 0.0) >= _NOTABLE_SHARE:
            told.append(f"{ranked[0].name} makes {percent(ranked[0].share or 0.0)} of the difference.")
    return tuple(told)


def _patterns(report: RunReport) -> tuple[str, ...]:
    """New patterns that stay."""
    stay = [each for each in (report.novelty.patterns if report.novelty else ()) if each.established]
    return tuple(
        f"A new pattern: {each.title} ({percent(each.share)} of the predictions, in {each.windows} windows)."
        for each in stay
    )


def _words(report: RunReport) -> tuple[str, ...]:
    more = [word.word for word in report.examples.words if word.score > 0][:_WORDS_NAMED]
    less = [word.word for word in report.examples.words if word.score < 0][:_WORDS_NAMED]
    return tuple(
        f"{lead}: {', '.join(f'“{word}”' for word in words)}."
        for lead, words in (("More of", more), ("Less of", less))
        if words
    )


def _since(report: RunReport) -> str:
    window = span(report.window.start, report.window.end)
    if not _drifted(report):
        return f"The window judged is {window}."
    if report.drifting_since is None or report.drifting_since >= report.finished_at:
        return f"First seen in this run, whose window is {window}.{_before(report)}"
    return f"Reported without a break since {report.drifting_since:%Y-%m-%d %H:%M} UTC.{_before(report)}"


def _before(report: RunReport) -> str:
    """Whether this drift was there before."""
    for check in report.checks:
        episode = check.episode
        if episode is not None and episode.same_as is not None:
            return (
                f" The same drift was first seen on {episode.same_as:%Y-%m-%d}; "
                f"this is its episode {episode.number}."
            )
    return ""


def _sure(report: RunReport) -> str:
    ranked = sorted(report.checks, key=lambda check: list(Rank).index(check.verdict.rank))
    finding = ranked[0].leading if ranked else None
    if finding is None:
        return "No test could run, so nothing is known in either direction."
    return (
        f"{p_value(finding.p_value)} where at most {amount(finding.level)} counts as drift, from "
        f"{finding.n_window:,} of {report.window.rows_logged:,} predictions against {finding.n_reference:,} "
        f"reference rows. Levels are set so that all checks together raise at most {report.budget.max} "
        f"false alarm{'s' if report.budget.max != 1 else ''} in {report.budget.per}."
    )


def _hurts(report: RunReport) -> str:
    part = report.drifted_part
    inside = f" Of the drifted part: {harm(part)}." if part is not None and part.low > 0 else ""
    return f"{_quality(report)}{inside}"


def _quality(report: RunReport) -> str:
    if report.labelled is not None:
        return _measured(report.labelled, report.estimate)
    if report.estimate is None:
        return "Not known: accuracy can be estimated once the reference has labels."
    return _estimated(report.estimate)


def _measured(labelled: LabelledReport, estimate: EstimateReport | None) -> str:
    measured = (
        f"Measured accuracy is {percent(labelled.accuracy)} "
        f"({percent(labelled.low)} to {percent(labelled.high)}) on {labelled.rows:,} labelled predictions"
        f"{_labels_of(labelled)}."
    )
    if estimate is None:
        return measured
    return (
        f"{measured} The estimate without labels was {percent(estimate.low)} to {percent(estimate.high)}; "
        f"the reference had {percent(estimate.reference_accuracy)}."
    )


def _labels_of(labelled: LabelledReport) -> str:
    if labelled.coverage is None:
        return ""
    late = "" if labelled.delay_s is None else f", which came {delay(labelled.delay_s)} late (median)"
    return f" ({percent(labelled.coverage)} of the window{late})"


def _estimated(estimate: EstimateReport) -> str:
    told = (
        f"{_likelihood(estimate)}: accuracy is estimated at "
        f"{percent(estimate.low)} to {percent(estimate.high)}, "
        f"on the reference it was {percent(estimate.reference_accuracy)}."
    )
    if not estimate.novel_share:
        return told
    return f"{told} At least {percent(estimate.novel_share)} of the inputs are unlike the reference."


def _likelihood(estimate: EstimateReport) -> str:
    if estimate.high < estimate.reference_accuracy:
        return "Probably yes"
    fell = estimate.reference_accuracy - estimate.accuracy
    return "Possibly" if fell > _NOTABLE_FALL else "Not visibly"


def _action(report: RunReport) -> tuple[str, ...]:
    reasons = tuple(
        f"Train the model again: {reason.message}" for reason in report.retrain if reason.established
    )
    return (
        (*reasons, *_by_verdict(report)) if reasons and _drifted(report) else reasons or _by_verdict(report)
    )


def _by_verdict(report: RunReport) -> tuple[str, ...]:
    kinds = dict.fromkeys(check.type for check in _drifted(report))
    if kinds:
        return tuple(_ACTIONS[kind] for kind in kinds)
    if report.verdict.rank is Rank.INCONCLUSIVE:
        return ("Give the run what it lacks (named above), or wait for the next one.",)
    if report.estimate is not None and _likelihood(report.estimate) == "Probably yes":
        return ("Label some recent predictions: no test drifted, but the estimated accuracy is low.",)
    return ("Nothing. The next run comes as scheduled.",)
