"""Decisions: pure functions from findings to verdicts, within a budget of false alarms."""
