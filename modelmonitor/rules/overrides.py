"""What a person changes of single alerts: how long they wait, their severity, their expression."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from modelmonitor.api.alerts import AlertOverride
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.rule import AlertRule


def overridden(rules: Sequence[AlertRule], monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """The rules as the monitor's overrides want them."""
    changes = {override.alert: override for override in monitor.spec.alerts.overrides}
    named: set[str] = set()
    result: list[AlertRule] = []
    for rule in rules:
        change = changes.get(rule.alert)
        # One severity or expression for both of its rules: the milder, which comes first, covers the other.
        if change is not None and (change.severity or change.expr) and rule.alert in named:
            continue
        named.add(rule.alert)
        result.append(rule if change is None else _changed(rule, change, monitor))
    return tuple(result)


def _changed(rule: AlertRule, change: AlertOverride, monitor: ModelMonitor) -> AlertRule:
    changed = replace(rule, hold=change.for_ or rule.hold, severity=change.severity or rule.severity)
    return changed if change.expr is None else _rewritten(changed, change.expr, monitor)


def _rewritten(rule: AlertRule, expr: str, monitor: ModelMonitor) -> AlertRule:
    summary, description = (_named(text, monitor) for text in (rule.summary, rule.description))
    return replace(rule, expr=expr, summary=summary, description=description, custom=True)


def _named(text: str, monitor: ModelMonitor) -> str:
    """A text that names the monitor by itself: $labels has only what the expression's result has."""
    own = {"namespace": monitor.namespace, "modelmonitor": monitor.metadata.name}
    for label, value in own.items():
        text = text.replace(f"{{{{ $labels.{label} }}}}", value).replace(f"$labels.{label}", f'"{value}"')
    return text
