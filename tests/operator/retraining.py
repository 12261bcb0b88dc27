"""A monitor with a training of its own, and what moves it: results, annotations, Jobs that end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

APPROVE = "modelmonitor.io/approve-retrain"
DECLARE = "modelmonitor.io/business-change"
SINCE = "2026-11-20T02:27:00Z"


def declining(*, since: str = SINCE, established: bool = True) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    trigger = {
        "trigger": "confidence-declining",
        "established": established,
        "runs": 3,
        "since": since,
        "message": "Mean confidence fell by 4.1 points in 6.5 days.",
    }
    return {
        "name": "performance",
        "type": "performance",
        "verdict": "NoDrift",
        "lastRunTime": now,
        "retrain": [trigger],
    }


def training_template(**job: Any) -> dict[str, Any]:
    container = {"name": "train", "image": "train", "env": [{"name": "EPOCHS", "value": "1"}]}
    pod = {"restartPolicy": "Never", "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "train"},
        "spec": {
            "schedule": "0 0 1 1 *",
            "suspend": True,
            "jobTemplate": {
                "metadata": {"labels": {"kueue.x-k8s.io/queue-name": "gpu"}},
                "spec": {"template": {"spec": pod}, **job},
            },
        },
    }


@pytest.fixture
def monitored(
    namespace: Any, start_operator: Callable[..., Any], monitor: dict[str, Any]
) -> Callable[..., Any]:
    """An operator and a monitor with this `retrain`; returns the operator."""

    def make(**retrain: Any) -> Any:
        operator = start_operator()
        monitor["spec"]["retrain"] = retrain
        namespace.create("ModelMonitor", monitor)
        namespace.wait_for_condition("sentiment", "Ready", "True")
        return operator

    return make


def waits_for(namespace: Any, reason: str) -> dict[str, Any]:
    def told() -> dict[str, Any] | None:
        condition = namespace.condition("sentiment", "RetrainTriggered")
        return condition if condition.get("reason") == reason else None

    return namespace.wait(told, why=reason)


def annotate(namespace: Any, **annotations: str) -> None:
    named = {
        key.replace("approve", APPROVE).replace("declare", DECLARE): each for key, each in annotations.items()
    }
    namespace.patch("ModelMonitor", "sentiment", {"metadata": {"annotations": named}})


def finish(namespace: Any, job: dict[str, Any], *, kind: str, message: str = "") -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    base = {
        "status": "True",
        "lastProbeTime": now,
        "lastTransitionTime": now,
        "reason": kind,
        "message": message,
    }
    before = {"Complete": "SuccessCriteriaMet", "Failed": "FailureTarget"}[kind]
    conditions = [{"type": each, **base} for each in (before, kind)]
    done = {"completionTime": now, "succeeded": 1} if kind == "Complete" else {"failed": 1}
    status = {"startTime": job["metadata"]["creationTimestamp"], "conditions": conditions, **done}
    namespace.patch("Job", job["metadata"]["name"], {"status": status}, subresource="/status")
