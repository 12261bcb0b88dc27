"""From a reason to train again to one training: approval, Job, webhook, cool-down, on a real API server."""

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
            "jobTemplate": {"spec": {"template": {"spec": pod}, **job}},
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


def test_a_training_waits_for_approval_runs_once_and_cools_down(
    namespace: Any, monitored: Callable[..., Any]
) -> None:
    namespace.create("CronJob", training_template(ttlSecondsAfterFinished=1))
    monitored(action="job", job={"cronJob": "train"})
    namespace.write_checks("sentiment", [declining()])

    waiting = waits_for(namespace, "AwaitingApproval")
    recommended = namespace.condition("sentiment", "RetrainRecommended")
    assert (recommended["status"], recommended["reason"]) == ("True", "ConfidenceDeclining")
    assert namespace.list("Job") == []
    trigger = waiting["message"].rpartition(f"{APPROVE}=")[2]
    annotate(namespace, approve="another")
    annotate(namespace, approve=trigger)

    waits_for(namespace, "TrainingStarted")
    (job,) = namespace.list("Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each["value"] for each in container["env"]}
    assert environment["EPOCHS"] == "1"
    assert environment["MODELMONITOR_TRIGGER"] == trigger
    assert environment["MODELMONITOR_REASON"] == "confidence-declining"
    assert "ttlSecondsAfterFinished" not in job["spec"]
    assert job["metadata"]["ownerReferences"][0]["name"] == "sentiment"

    finish(namespace, job, kind="Complete")
    assert trigger in waits_for(namespace, "TrainingSucceeded")["message"]

    # The same reason anew, after it had passed: another occasion within the cool-down.
    namespace.write_checks("sentiment", [declining(since="2026-11-23T02:27:00Z")])
    waits_for(namespace, "CoolingDown")
    assert len(namespace.list("Job")) == 1
    steps = [each["reason"] for each in namespace.list("Event") if "RetrainTriggered" in each["note"]]
    assert {"AwaitingApproval", "TrainingStarted", "TrainingSucceeded", "CoolingDown"} <= set(steps)
    assert len(steps) == len(set(steps))


def test_a_failed_training_is_told(namespace: Any, monitored: Callable[..., Any]) -> None:
    namespace.create("CronJob", training_template())
    monitored(action="job", job={"cronJob": "train"}, approval="automatic")
    namespace.write_checks("sentiment", [declining()])
    waits_for(namespace, "TrainingStarted")

    finish(namespace, namespace.list("Job")[0], kind="Failed", message="BackoffLimitExceeded.")

    condition = waits_for(namespace, "TrainingFailed")
    assert condition["message"].endswith("failed: BackoffLimitExceeded.")


def test_too_little_evidence_starts_nothing(namespace: Any, monitored: Callable[..., Any]) -> None:
    namespace.create("CronJob", training_template())
    operator = monitored(action="job", job={"cronJob": "train"}, approval="automatic")
    before = operator.reconciles()
    namespace.write_checks("sentiment", [declining(established=False)])
    namespace.wait(lambda: operator.reconciles() > before, why="the result is seen")

    assert namespace.condition("sentiment", "RetrainRecommended")["status"] == "False"
    assert namespace.list("Job") == []


def test_a_person_who_declares_a_change_needs_no_approval(
    namespace: Any, monitored: Callable[..., Any]
) -> None:
    namespace.create("CronJob", training_template())
    monitored(action="job", job={"cronJob": "train"})

    annotate(namespace, declare="We sell phones now.")

    waits_for(namespace, "TrainingStarted")
    condition = namespace.condition("sentiment", "RetrainRecommended")
    assert (condition["reason"], condition["message"]) == (
        "Requested",
        "Somebody declared a change of the business: We sell phones now.",
    )


def test_a_missing_template_is_told_and_found_when_it_comes(
    namespace: Any, monitored: Callable[..., Any]
) -> None:
    monitored(action="job", job={"cronJob": "train"}, approval="automatic")
    namespace.write_checks("sentiment", [declining()])

    condition = waits_for(namespace, "TrainingNotStarted")
    assert "CronJob train (spec.retrain.job.cronJob) does not exist" in condition["message"]

    namespace.create("CronJob", training_template())
    waits_for(namespace, "TrainingStarted")


def test_a_restart_starts_no_second_training(
    namespace: Any, monitored: Callable[..., Any], start_operator: Callable[..., Any]
) -> None:
    namespace.create("CronJob", training_template())
    first = monitored(action="job", job={"cronJob": "train"}, approval="automatic")
    namespace.write_checks("sentiment", [declining()])
    waits_for(namespace, "TrainingStarted")
    first.stop()

    second = start_operator()
    namespace.wait(lambda: second.reconciles() >= 2, why="the monitor is looked at twice")

    assert len(namespace.list("Job")) == 1


def test_a_webhook_is_called_by_a_pod_that_gets_address_and_key_from_the_secret(
    namespace: Any, monitored: Callable[..., Any]
) -> None:
    monitored(action="webhook", webhook={"secretName": "training"}, approval="automatic")
    namespace.write_checks("sentiment", [declining()])

    waits_for(namespace, "TrainingStarted")

    (job,) = namespace.list("Job")
    (container,) = job["spec"]["template"]["spec"]["containers"]
    environment = {each["name"]: each.get("valueFrom") for each in container["env"]}
    assert container["command"] == ["python", "-m", "modelmonitor.job.retrain_webhook"]
    assert environment["MM_RETRAIN_URL"]["secretKeyRef"] == {
        "name": "training",
        "key": "url",
        "optional": True,
    }
    assert environment["MM_RETRAIN_SIGNING_KEY"]["secretKeyRef"]["key"] == "signing-key"
    assert job["spec"]["template"]["spec"]["automountServiceAccountToken"] is False
