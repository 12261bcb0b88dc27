"""Names of the objects of a monitor: valid at any length, stable, and never the same for two purposes."""

from __future__ import annotations

from hashlib import sha256
from typing import Final

CRON_JOB_LIMIT: Final = 52
"""Longest name of a CronJob: its Jobs add 11 characters and their pods' label holds 63."""
LABEL_LIMIT: Final = 63
_HASH_LENGTH: Final = 8


def child_name(monitor: str) -> str:
    """Name of the objects that a monitor has one of, at most 63 characters."""
    name = f"modelmonitor-{monitor}"
    return name if len(name) <= LABEL_LIMIT else _hashed(name, purpose="child", limit=LABEL_LIMIT)


def check_job_name(monitor: str, check: str) -> str:
    """Name of the CronJob of a check, at most 52 characters, such as sentiment-data.

    As a-b-c could be check c of a-b or check b-c of a, names with more than one hyphen end in a hash.
    """
    name = f"{monitor}-{check}"
    plain = name.count("-") == 1 and len(name) <= CRON_JOB_LIMIT
    return name if plain else _hashed(name, purpose=f"check/{monitor}/{check}", limit=CRON_JOB_LIMIT)


def task_job_name(monitor: str, task: str) -> str:
    """Name of the CronJob of a task that is no check, at most 52 characters: never that of a check."""
    return _hashed(f"{monitor}-{task}", purpose=f"task/{monitor}/{task}", limit=CRON_JOB_LIMIT)


def dashboards_name(monitor: str) -> str:
    """Name of the ConfigMap of dashboards, at most 63 characters: never that of another monitor's file."""
    return _hashed(f"{child_name(monitor)}-dashboards", purpose="dashboards", limit=LABEL_LIMIT)


def custom_rule_name(monitor: str, alert: str) -> str:
    """Name of the PrometheusRule of an alert whose expression a person wrote, at most 63 characters."""
    return _hashed(
        f"{child_name(monitor)}-{alert.lower()}", purpose=f"alert/{monitor}/{alert}", limit=LABEL_LIMIT
    )


def training_job_name(monitor: str, trigger_id: str) -> str:
    """Name of the Job that acts on a trigger, at most 63 characters: one trigger, one Job."""
    return _hashed(f"{monitor}-retrain", purpose=f"retrain/{monitor}/{trigger_id}", limit=LABEL_LIMIT)


def _hashed(name: str, *, purpose: str, limit: int) -> str:
    digest = sha256(f"{purpose}/{name}".encode()).hexdigest()[:_HASH_LENGTH]
    return f"{name[: limit - _HASH_LENGTH - 1].rstrip('-')}-{digest}"
