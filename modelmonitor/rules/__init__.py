"""Recording rules and alerts for Prometheus as pure functions of a ModelMonitor."""

from modelmonitor.rules.groups import custom_groups, installation_groups, rule_groups

__all__ = ["custom_groups", "installation_groups", "rule_groups"]
