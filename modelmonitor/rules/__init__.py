"""Recording rules and alerts for Prometheus as pure functions of a ModelMonitor."""

from modelmonitor.rules.groups import installation_groups, rule_groups

__all__ = ["installation_groups", "rule_groups"]
