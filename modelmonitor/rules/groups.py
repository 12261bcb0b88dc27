"""Rule groups as Prometheus reads them: what a monitor's spec makes of recording rules and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from modelmonitor import metrics
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules.overrides import overridden
from modelmonitor.rules.promql import BY_MONITOR
from modelmonitor.rules.quality_alerts import drift_alerts, quality_alerts
from modelmonitor.rules.recording import recording_rules
from modelmonitor.rules.rule import AlertRule
from modelmonitor.rules.service_alerts import service_alerts

RUNBOOKS: Final = "https://modelmonitor.io/runbooks"


def rule_groups(monitor: ModelMonitor) -> tuple[dict[str, Any], ...]:
    """The groups of one monitor: recording rules, then alerts, which a suspended monitor has none of.

    Alerts with an expression that a person wrote are not among them.
    """
    recording = _group(f"modelmonitor.{monitor.metadata.name}.recording", recording_rules(monitor))
    return (recording,) if monitor.spec.suspend else (recording, *_alert_groups(monitor))


def custom_groups(monitor: ModelMonitor) -> Mapping[str, dict[str, Any]]:
    """By alert, a group for each whose expression a person wrote: one that cannot be read harms no other."""
    written = any(override.expr is not None for override in monitor.spec.alerts.overrides)
    if monitor.spec.suspend or not written:
        return {}
    return {
        rule.alert: _group(f"modelmonitor.{monitor.metadata.name}.{rule.alert}", [rule])
        for rule in monitor_alerts(monitor)
        if rule.custom
    }


def installation_groups(*, runbooks: str = RUNBOOKS) -> tuple[dict[str, Any], ...]:
    """The group that watches the operator itself, once an installation.

    Args:
        runbooks: address to which `/<alert name>` is added.
    """
    alerts = tuple(_annotated(rule, runbooks) for rule in _operator_alerts())
    return (_group("modelmonitor.operator", alerts),)


def alert_names() -> tuple[str, ...]:
    """Names of all alerts there are, each once."""
    smallest = ModelMonitor.model_validate(
        {
            "apiVersion": "modelmonitor.io/v1alpha1",
            "kind": "ModelMonitor",
            "metadata": {"name": "any"},
            "spec": {
                "target": {"service": "any"},
                "reference": {"dataset": "any"},
                "alerts": {"minAccuracy": "0.5"},
            },
        }
    )
    return tuple(dict.fromkeys(rule.alert for rule in (*monitor_alerts(smallest), *_operator_alerts())))


def monitor_alerts(monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    """Every alert of a monitor as its spec wants it: without those disabled, overrides and labels applied."""
    rules = (*service_alerts(monitor), *quality_alerts(monitor), *drift_alerts(monitor))
    return _chosen(rules, monitor)


def _alert_groups(monitor: ModelMonitor) -> tuple[dict[str, Any], ...]:
    families = {"service": service_alerts, "quality": quality_alerts, "drift": drift_alerts}
    chosen = {
        name: tuple(rule for rule in _chosen(family(monitor), monitor) if not rule.custom)
        for name, family in families.items()
    }
    # Prometheus evaluates groups side by side: a slow family does not delay another.
    return tuple(
        _group(f"modelmonitor.{monitor.metadata.name}.{name}", rules)
        for name, rules in chosen.items()
        if rules
    )


def _group(name: str, rules: Sequence[Any]) -> dict[str, Any]:
    return {"name": name, "rules": [rule.to_manifest() for rule in rules]}


def _chosen(rules: Sequence[AlertRule], monitor: ModelMonitor) -> tuple[AlertRule, ...]:
    alerts = monitor.spec.alerts
    wanted = tuple(rule for rule in rules if rule.alert not in alerts.disabled)
    runbooks = alerts.runbook_base_url or RUNBOOKS
    own = {"namespace": monitor.namespace, "modelmonitor": monitor.metadata.name}
    return tuple(
        replace(_annotated(rule, runbooks), labels={**alerts.labels, **own})
        for rule in overridden(wanted, monitor)
    )


def _annotated(rule: AlertRule, runbooks: str) -> AlertRule:
    return replace(
        rule, annotations={**rule.annotations, "runbook_url": f"{runbooks.rstrip('/')}/{rule.alert}"}
    )


def _operator_alerts() -> tuple[AlertRule, AlertRule]:
    # Not the counter of errors: retries grow so rare that no rate of them tells a lasting failure.
    failing = f"max {BY_MONITOR} ({metrics.OPERATOR_RECONCILE_FAILING.name}) == 1"
    not_ready = f'max {BY_MONITOR} ({metrics.CONDITION.name}{{type="Ready"}}) == 0'
    return (
        AlertRule(
            alert="ModelMonitorReconcileFailing",
            severity="warning",
            hold="10m",
            expr=f"{failing} or {not_ready}",
            # The operator's own restart interrupts no alert.
            keep="5m",
            summary="{{ $labels.namespace }}/{{ $labels.modelmonitor }} cannot be brought to its spec",
            description="Reconciles fail again and again; the monitor's condition Ready says why.",
        ),
        AlertRule(
            alert="ModelMonitorOperatorDown",
            severity="critical",
            hold="10m",
            expr=f"absent({metrics.OPERATOR_MONITORS.name})",
            summary="The ModelMonitor operator is not scraped",
            description="It is down or not reached: no monitor is updated and drift alerts are blind.",
        ),
    )
