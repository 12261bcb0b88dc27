"""Alerts on one machine: the rules' thresholds on what is measured here, and messages as Alertmanager's."""
