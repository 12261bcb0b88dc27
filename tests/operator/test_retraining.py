"""From a reason to train again to one training: approval, Job, webhook, cool-down, on a real API server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.operator.retraining import (
    APPROVE,
    annotate,
    declining,
    finish,
    monitored,
    training_template,
    waits_for,
)

__all__ = ["monitored"]


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
    assert job["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "gpu"
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
