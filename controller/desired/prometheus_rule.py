"""The PrometheusRule of a monitor: its recording rules and alerts."""

from __future__ import annotations

from controller.desired.defaults import Defaults
from controller.desired.metadata import child
from controller.manifest import PROMETHEUS_RULE, Desired
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.rules import rule_groups


def prometheus_rule(monitor: ModelMonitor, defaults: Defaults) -> Desired:
    """The rules of a monitor, labelled so that Prometheus selects them."""
    body = {"spec": {"groups": list(rule_groups(monitor))}}
    return child(PROMETHEUS_RULE, monitor, body=body, labels=defaults.prometheus_labels)
