"""`drift run` in a cluster, with real CronJobs and Jobs; the test stands for the kubelet."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from tests.cli.cluster.conftest import DRIFTS

pytestmark = pytest.mark.timeout(300)
NOW = "2026-11-21T02:07:00Z"


@pytest.fixture
def scheduled(shell):
    """The monitor's CronJobs, as the operator makes them."""
    monitor = shell.namespace.get("ModelMonitor", "sentiment")
    for name in ("data", "concept"):
        shell.namespace.create("CronJob", cron_job(monitor, name))
    return shell


def cron_job(monitor, check):
    labels = {"modelmonitor.io/monitor": monitor["metadata"]["name"], "modelmonitor.io/check": check}
    container = {"name": "drift", "image": "modelmonitor/job:0.1.0"}
    pod = {"restartPolicy": "Never", "containers": [container]}
    template = {"metadata": {"labels": labels}, "spec": {"template": {"spec": pod}}}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": f"sentiment-{check}", "labels": labels},
        "spec": {"schedule": "7 2 * * *", "jobTemplate": template},
    }


def ended(kind, *, message):
    moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    before = "SuccessCriteriaMet" if kind == "Complete" else "FailureTarget"
    conditions = [
        {"type": each, "status": "True", "reason": "Test", "message": message, "lastTransitionTime": moment}
        for each in (before, kind)
    ]
    done = {"completionTime": moment, "succeeded": 1} if kind == "Complete" else {"failed": 1}
    return {"status": {"startTime": moment, "conditions": conditions, **done}}


@contextmanager
def kubelet(shell, act):
    """Does `act` with each Job as soon as there is one."""
    over, seen = threading.Event(), set()

    def watch():
        while not over.is_set():
            for job in shell.namespace.list("Job"):
                name = job["metadata"]["name"]
                if name not in seen:
                    seen.add(name)
                    act(job)
            time.sleep(0.1)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join()


def succeed(shell, check):
    def act(job):
        found = shell.namespace.get("ModelMonitor", "sentiment")["status"]["checks"]
        others = [each for each in found if each["name"] != check["name"]]
        shell.say(checks=[*others, check])
        body = ended("Complete", message="Done.")
        shell.namespace.patch("Job", job["metadata"]["name"], body, subresource="/status")

    return act


def test_a_run_is_a_job_of_the_cronjob_and_prints_its_verdict(scheduled):
    result = {**DRIFTS, "severity": "critical", "lastRunTime": NOW, "report": "runs:/1/report.html"}
    with kubelet(scheduled, succeed(scheduled, result)):
        finished = scheduled("drift", "run", "sentiment", "--check", "data", "--exit-code")

    (job,) = scheduled.namespace.list("Job")
    (owner,) = job["metadata"]["ownerReferences"]
    assert (finished.code, finished.out) == (
        20,
        "data: Drift. The inputs changed.\nreport: runs:/1/report.html\n",
    )
    assert (owner["kind"], owner["name"]) == ("CronJob", "sentiment-data")
    assert job["metadata"]["annotations"]["cronjob.kubernetes.io/instantiate"] == "manual"
    assert job["metadata"]["labels"]["modelmonitor.io/check"] == "data"


def test_json_has_the_same(scheduled):
    with kubelet(scheduled, succeed(scheduled, {**DRIFTS, "lastRunTime": NOW})):
        finished = scheduled("drift", "run", "--check", "data", "-o", "json")

    (run,) = json.loads(finished.out)["items"]
    assert [(each["name"], each["verdict"], each["rows"]) for each in run["checks"]] == [
        ("data", "Drift", 4812)
    ]


def test_all_checks_run_and_without_waiting_only_their_jobs_are_told(scheduled):
    finished = scheduled("drift", "run", "--no-wait")

    checks = {job["metadata"]["labels"]["modelmonitor.io/check"] for job in scheduled.namespace.list("Job")}
    assert (finished.code, finished.out, checks) == (0, "", {"data", "concept"})
    assert finished.err.count("was created") == 2


def test_a_job_that_failed_ends_with_exit_code_1_and_the_clusters_reason(scheduled):
    def fail(job):
        body = ended("Failed", message="Pod failed with exit code 2")
        scheduled.namespace.patch("Job", job["metadata"]["name"], body, subresource="/status")

    with kubelet(scheduled, fail):
        finished = scheduled("drift", "run", "--check", "data")

    assert (finished.code, finished.out) == (1, "")
    assert "the run of data failed (Pod failed with exit code 2)" in finished.err


def test_a_job_that_wrote_no_result_is_no_success(scheduled):
    def act(job):
        body = ended("Complete", message="Done.")
        scheduled.namespace.patch("Job", job["metadata"]["name"], body, subresource="/status")

    with kubelet(scheduled, act):
        finished = scheduled("drift", "run", "--check", "data")

    assert finished.code == 1
    assert "the run of data ended without a result in the status: kubectl -n ml logs job/" in finished.err


def test_a_job_that_takes_too_long_goes_on_without_the_command(scheduled):
    finished = scheduled("drift", "run", "--check", "data", "--patience", "2s")

    assert (finished.code, len(scheduled.namespace.list("Job"))) == (1, 1)
    assert (
        "has not ended within 2 s and goes on (waits for its pod): kubectl -n ml logs -f job/" in finished.err
    )


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["--check", "words"], 5, "sentiment has no check words: choose concept, data or all"),
        (["--file", "monitor.yaml"], 2, "--file is for the local stack"),
        (["--patience", "0s"], 2, "--patience 0s has no length"),
        (["other"], 5, "there is no ModelMonitor other"),
    ],
)
def test_a_wrong_call_makes_no_job(scheduled, arguments, code, sentence):
    finished = scheduled("drift", "run", *arguments)

    assert (finished.code, finished.out, scheduled.namespace.list("Job")) == (code, "", [])
    assert sentence in finished.err


def test_a_monitor_without_cronjobs_says_who_makes_them(shell):
    finished = shell("drift", "run")

    assert finished.code == 5
    assert "sentiment has no CronJob yet, the operator makes them" in finished.err
