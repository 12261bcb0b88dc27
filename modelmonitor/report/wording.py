"""Numbers as a person says them, and the sentence of a check."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from modelmonitor.report.check import CheckReport, CheckType, FindingReport, VerdictReport

_LOOKS_FINE: Final[dict[CheckType, str]] = {
    "data": "The inputs look like the reference.",
    "concept": "The predictions are distributed as in the reference.",
    "performance": "Nothing shows that the model got worse.",
}
_LOOKS_CHANGED: Final[dict[CheckType, str]] = {
    "data": "The inputs changed",
    "concept": "The mix of answers changed",
    "performance": "The model is less sure of its answers",
}
_TINY: Final = 0.0001
_LONG: Final = timedelta(hours=1)


def percent(share: float) -> str:
    """A share from 0 to 1 as percent with one decimal."""
    return f"{share:.1%}"


def p_value(value: float | None) -> str:
    """A p-value with two significant digits, or that the method has none."""
    if value is None:
        return "no p-value"
    return f"p < {_TINY}" if value < _TINY else f"p = {value:.2g}"


def amount(value: float) -> str:
    """An effect or a level with three significant digits."""
    return f"{value:.3g}"


def delay(seconds: float) -> str:
    """A span of time in its largest sensible unit, such as 90s, 36h or 12d."""
    for unit, length in (("d", 86_400.0), ("h", 3_600.0), ("m", 60.0)):
        if abs(seconds) >= 2 * length:
            return f"{seconds / length:.0f}{unit}"
    return f"{seconds:.0f}s"


def change(check: CheckReport) -> str:
    """What a drifted check saw, in one short sentence with the effects that crossed their thresholds."""
    effects = [
        f"{finding.feature}{_place(finding)} by {amount(finding.effect_size)} ({_border(finding)})"
        for finding in check.deciding
        if finding.drifted
    ]
    return f"{_LOOKS_CHANGED[check.type]}: {', '.join(effects)}."


def span(start: datetime, end: datetime) -> str:
    """A window as people read it, with seconds where minutes would make it look empty."""
    moment = "%Y-%m-%d %H:%M" if end - start >= _LONG else "%Y-%m-%d %H:%M:%S"
    return f"{start.strftime(moment)} to {end.strftime(moment)} UTC"


def check_sentence(kind: CheckType, verdict: VerdictReport, *, findings: Sequence[FindingReport]) -> str:
    """What the check as a whole says: the findings that drifted, or that all is well, or what is missing."""
    if verdict.outcome == "Inconclusive":
        return verdict.reason or "Could not be judged."
    if verdict.outcome == "NoDrift":
        return _LOOKS_FINE[kind]
    drifted = [finding for finding in findings if finding.drifted]
    places = dict.fromkeys(finding.segment for finding in drifted)
    where = "" if "" in places else f" in {', '.join(places)}"
    return " ".join((f"{_LOOKS_CHANGED[kind]}{where}.", *(finding.sentence for finding in drifted)))


def _place(finding: FindingReport) -> str:
    return f" of {finding.segment}" if finding.segment else ""


def _border(finding: FindingReport) -> str:
    if finding.verdict.severity == "critical":
        return f"critical from {amount(finding.effect_critical)}"
    return f"warning from {amount(finding.effect_warning)}"
