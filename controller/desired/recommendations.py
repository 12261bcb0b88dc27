"""Reasons to train again: what a person declares and what the checks found, each under an identity.

The identity does not change while a reason holds: whatever acts on it twice acts on one occasion.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from controller.desired.runs import CheckState
from modelmonitor.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition_of
from modelmonitor.api.retrain import BUSINESS_CHANGE, Trigger
from modelmonitor.api.v1alpha1 import ModelMonitor

_ID_LENGTH: Final = 10
_REASONS: Final[Mapping[Trigger, Reason]] = {
    "requested": Reason.REQUESTED,
    "repeated-drift": Reason.REPEATED_DRIFT,
    "confidence-declining": Reason.CONFIDENCE_DECLINING,
    "low-confidence": Reason.LOW_CONFIDENCE,
    "new-patterns": Reason.NEW_PATTERNS,
}


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A reason to train again.

    Attributes:
        trigger_id: identity of this occasion; another for the same trigger at another time.
        message: the evidence, in a sentence.
        doubt: why the evidence may be out of date, in a sentence; empty if it is fresh.
    """

    trigger: Trigger
    trigger_id: str
    message: str
    doubt: str = ""


def recommendations(monitor: ModelMonitor, states: Sequence[CheckState]) -> tuple[Recommendation, ...]:
    """Reasons that the spec lists and that hold now: what a person declares first, then what jobs found.

    Of a reason that several checks found, the first with fresh evidence counts.
    """
    found = sorted(_found(monitor, states), key=lambda each: bool(each.doubt))
    listed = {each.trigger: each for each in reversed((*_declared(monitor), *found))}
    return tuple(listed[trigger] for trigger in _REASONS if trigger in listed)


def retrain_recommended(reasons: Sequence[Recommendation]) -> Condition:
    """True for a trigger that the spec lists, with its evidence."""
    if not reasons:
        return _recommended("False", Reason.NOT_NEEDED, "No reason for a new training is known.")
    sentences = " ".join(each.message for each in reasons)
    return _recommended("True", _REASONS[reasons[0].trigger], sentences)


def _declared(monitor: ModelMonitor) -> tuple[Recommendation, ...]:
    text = monitor.metadata.annotations.get(BUSINESS_CHANGE, "").strip()
    if not text or "requested" not in monitor.spec.retrain.when:
        return ()
    sentence = f"Somebody declared a change of the business: {text[:200]}"
    return (Recommendation("requested", _identity(monitor, "requested", text), sentence),)


def _found(monitor: ModelMonitor, states: Sequence[CheckState]) -> Iterator[Recommendation]:
    for state in states:
        for found in state.result.retrain if state.result is not None else ():
            # What a person declares is read from the monitor itself; the job only writes it down.
            listed = found.trigger != "requested" and found.trigger in monitor.spec.retrain.when
            if found.established and listed:
                occasion = _identity(monitor, found.trigger, state.check.name, found.since.isoformat())
                yield Recommendation(found.trigger, occasion, found.message, state.doubt or "")


def _identity(monitor: ModelMonitor, *parts: str) -> str:
    text = "/".join((monitor.metadata.uid or "", *parts))
    return sha256(text.encode()).hexdigest()[:_ID_LENGTH]


def _recommended(status: ConditionStatus, reason: Reason, message: str) -> Condition:
    return condition_of(ConditionType.RETRAIN_RECOMMENDED, status, reason, message)
