"""What starts no second training, and what must not keep a second one from starting."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.operator.retraining import (
    annotate,
    declining,
    finish,
    monitored,
    training_template,
    waits_for,
)

__all__ = ["monitored"]


def delete(namespace: Any, job: dict[str, Any]) -> None:
    # Without a garbage collector, a Job whose pods are to be orphaned stays.
    path = namespace.path("Job", job["metadata"]["name"])
    namespace.http.delete(path, params={"propagationPolicy": "Background"}).raise_for_status()


def test_a_training_whose_job_is_deleted_stays_the_only_one(
    namespace: Any, monitored: Callable[..., Any], start_operator: Callable[..., Any]
) -> None:
    namespace.create("CronJob", training_template())
    first = monitored(action="job", job={"cronJob": "train"}, approval="automatic")
    namespace.write_checks("sentiment", [declining()])
    waits_for(namespace, "TrainingStarted")
    (job,) = namespace.list("Job")
    finish(namespace, job, kind="Complete")
    waits_for(namespace, "TrainingSucceeded")
    before = first.reconciles()

    delete(namespace, job)
    namespace.wait(lambda: first.reconciles() > before, why="the deletion is seen")
    first.stop()
    second = start_operator()
    namespace.wait(lambda: second.reconciles() >= 1, why="another operator has looked")

    assert namespace.list("Job") == []
    waits_for(namespace, "TrainingSucceeded")
    (record,) = namespace.get("ModelMonitor", "sentiment")["status"]["trainings"]
    assert (record["job"], record["outcome"]) == (job["metadata"]["name"], "succeeded")
    assert (record["reason"], record["startedAt"]) == (
        "confidence-declining",
        job["metadata"]["creationTimestamp"],
    )


def test_a_request_that_was_met_holds_no_later_reason_up(
    namespace: Any, monitored: Callable[..., Any]
) -> None:
    namespace.create("CronJob", training_template())
    monitored(action="job", job={"cronJob": "train"}, approval="automatic", cooldown="1s")
    annotate(namespace, declare="We sell phones now.")
    waits_for(namespace, "TrainingStarted")
    (asked,) = namespace.list("Job")
    finish(namespace, asked, kind="Complete")
    waits_for(namespace, "TrainingSucceeded")
    began = datetime.fromisoformat(asked["metadata"]["creationTimestamp"])
    namespace.wait(lambda: datetime.now(UTC) > began + timedelta(seconds=2), why="the cool-down ends")

    namespace.write_checks("sentiment", [declining()])

    namespace.wait(lambda: len(namespace.list("Job")) > 1, why="the second reason starts a training")


def test_evidence_of_a_check_that_fails_starts_nothing(namespace: Any, monitored: Callable[..., Any]) -> None:
    namespace.create("CronJob", training_template())
    monitored(action="job", job={"cronJob": "train"}, approval="automatic")
    run = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": "sentiment-performance-1",
            "labels": {"modelmonitor.io/monitor": "sentiment", "modelmonitor.io/check": "performance"},
        },
        "spec": training_template()["spec"]["jobTemplate"]["spec"],
    }
    run["metadata"]["labels"]["app.kubernetes.io/managed-by"] = "modelmonitor-operator"
    namespace.create("Job", run)
    finish(namespace, namespace.get("Job", "sentiment-performance-1"), kind="Failed", message="OOMKilled.")
    namespace.wait_for_condition("sentiment", "Degraded", "True")

    result = declining()
    result["lastRunTime"] = "2026-11-20T02:27:00Z"
    namespace.write_checks("sentiment", [result])

    assert "failed" in waits_for(namespace, "EvidenceOld")["message"]
    assert [each["metadata"]["name"] for each in namespace.list("Job")] == ["sentiment-performance-1"]
