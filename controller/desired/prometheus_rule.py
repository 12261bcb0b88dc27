"""The PrometheusRules of a monitor: its recording rules and alerts, and those that a person wrote."""

from __future__ import annotations

from controller.desired.defaults import Defaults
from controller.desired.metadata import child
from controller.desired.names import custom_rule_name
from controller.manifest import PROMETHEUS_RULE, Desired
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import custom_groups, rule_groups


def prometheus_rule(monitor: ModelMonitor, defaults: Defaults) -> Desired:
    """The rules of a monitor, labelled so that Prometheus selects them."""
    body = {"spec": {"groups": list(rule_groups(monitor))}}
    return child(PROMETHEUS_RULE, monitor, body=body, labels=defaults.prometheus_labels)


def custom_rules(monitor: ModelMonitor, defaults: Defaults) -> tuple[Desired, ...]:
    """An object for each alert whose expression a person wrote.

    Prometheus Operator refuses a whole object for one expression that it cannot read.
    """
    return tuple(
        child(
            PROMETHEUS_RULE,
            monitor,
            name=custom_rule_name(monitor.metadata.name, alert),
            body={"spec": {"groups": [group]}},
            labels=defaults.prometheus_labels,
        )
        for alert, group in custom_groups(monitor).items()
    )
