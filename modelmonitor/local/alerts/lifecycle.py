"""From conditions to alerts that are pending, firing and resolved, as Prometheus does it; pure.

A condition must hold for the rule's `for` before its alert fires, and `keep_firing_for` keeps it firing after
the condition ended. A condition that cannot be told changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from modelmonitor.api.durations import parse_duration
from modelmonitor.local.alerts.conditions import Condition, Conditions
from modelmonitor.rules.rule import AlertRule
from modelmonitor.store.alerts import Alert

_TEMPLATE: Final = re.compile(r"\{\{\s*\$(labels\.(\w+)|value)\s*(?:\|\s*(\w+)\s*)?\}\}")


@dataclass(frozen=True, slots=True)
class AlertState:
    """An alert that is pending, firing, or resolved at this moment.

    Attributes:
        fingerprint: identifies its labels.
        active_since: when its condition began to hold, with time zone.
        fired_at: when it began to fire; None while it is pending.
        held_at: when the condition was last seen to hold.
        resolved_at: when it stopped firing; such a state is told once and not kept.
    """

    fingerprint: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    active_since: datetime
    held_at: datetime
    fired_at: datetime | None = None
    resolved_at: datetime | None = None

    @property
    def alert(self) -> Alert:
        """The alert as messages and tables hold it; of a firing or resolved one."""
        name, severity = self.labels["alertname"], self.labels["severity"]
        started = self.fired_at or self.active_since
        return Alert(self.fingerprint, started, name, severity, self.labels, self.annotations)


@dataclass(frozen=True, slots=True)
class Step:
    """What one evaluation makes of the states.

    Attributes:
        states: pending and firing ones, by fingerprint.
        news: those that began or ended to fire now.
    """

    states: Mapping[str, AlertState]
    news: tuple[AlertState, ...]


def evaluate(
    before: Mapping[str, AlertState], rules: Sequence[AlertRule], told: Conditions, *, now: datetime
) -> Step:
    """The next states.

    Args:
        before: states after the last evaluation.
        rules: of the monitor, as its spec wants them.
        told: conditions by alert; an alert without any is not evaluated here.
        now: the present, with time zone.
    """
    after: dict[str, AlertState] = {}
    news: list[AlertState] = []
    seen: set[str] = set()
    for rule, condition in _paired(rules, told):
        labels = {**rule.labels, **condition.labels, "alertname": rule.alert, "severity": rule.severity}
        identity = fingerprint(labels)
        seen.add(identity)
        state = _next(before.get(identity), rule, condition, labels, identity, now=now)
        if state is not None and (state.fired_at, state.resolved_at) != _fired(before.get(identity)):
            news.append(state)
        if state is not None and state.resolved_at is None:
            after[identity] = state
    # Rules that the monitor no longer has: whoever heard that they fire hears that they do not.
    gone = (state for identity, state in before.items() if identity not in seen and state.fired_at)
    news += [replace(state, resolved_at=now) for state in gone]
    return Step(after, tuple(each for each in news if each.fired_at is not None))


def fingerprint(labels: Mapping[str, str]) -> str:
    """16 hexadecimal digits that stand for a set of labels."""
    return hashlib.sha256(json.dumps(labels, sort_keys=True).encode()).hexdigest()[:16]


def filled_in(text: str, *, labels: Mapping[str, str], value: float | None) -> str:
    """A rule's text with its labels and value, as Prometheus fills them in."""
    return _TEMPLATE.sub(lambda found: _one(found, labels, value), text)


def _paired(rules: Sequence[AlertRule], told: Conditions) -> Iterable[tuple[AlertRule, Condition]]:
    numbers: dict[str, int] = {}
    for rule in rules:
        number = numbers.get(rule.alert, 0)
        numbers[rule.alert] = number + 1
        # An override that gives both rules one severity leaves the milder, which comes first.
        series = told.get(rule.alert, ())
        for condition in series[number] if number < len(series) else ():
            yield rule, condition


def _next(
    before: AlertState | None,
    rule: AlertRule,
    condition: Condition,
    labels: Mapping[str, str],
    identity: str,
    *,
    now: datetime,
) -> AlertState | None:
    if condition.holds is None:
        return before
    if not condition.holds:
        return _ending(before, rule, now=now)
    notes = {"summary": rule.summary, "description": rule.description, **rule.annotations}
    notes = {name: filled_in(text, labels=labels, value=condition.value) for name, text in notes.items()}
    state = before or AlertState(identity, labels, notes, active_since=now, held_at=now)
    held = now - state.active_since >= parse_duration(rule.hold)
    fired = state.fired_at or (now if held else None)
    return replace(state, annotations=notes, held_at=now, fired_at=fired)


def _ending(before: AlertState | None, rule: AlertRule, *, now: datetime) -> AlertState | None:
    if before is None or before.fired_at is None:
        return None
    kept = parse_duration(rule.keep) if rule.keep else timedelta(0)
    return before if now - before.held_at < kept else replace(before, resolved_at=now)


def _fired(state: AlertState | None) -> tuple[datetime | None, datetime | None]:
    return (state.fired_at, state.resolved_at) if state else (None, None)


def _one(found: re.Match[str], labels: Mapping[str, str], value: float | None) -> str:
    if found[2]:
        return labels.get(found[2], "")
    if value is None:
        return "?"
    if found[3] == "humanizePercentage":
        return f"{100 * value:.4g}%"
    if found[3] == "humanizeDuration":
        return str(timedelta(seconds=round(value))) if value >= 1 else f"{1000 * value:.4g}ms"
    return f"{value:g}"
