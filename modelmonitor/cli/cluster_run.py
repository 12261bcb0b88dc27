"""A run of a check in a cluster, now: a Job made from the check's CronJob, followed to its end."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from modelmonitor.cli.cluster_facts import check_lines_of, report_of
from modelmonitor.cli.errors import CommandError, NotFound, SourceDown
from modelmonitor.cli.places import Places
from modelmonitor.cli.ran import Ran
from modelmonitor.cli.sources.cluster_jobs import (
    JobState,
    create_job,
    cron_jobs,
    job_state,
    last_lines,
    monitor_of,
)
from modelmonitor.cli.subjects import Subject

_POLL_S: Final = 1.0
_NAME_LIMIT: Final = 63


class RunFailed(CommandError):
    """The Job failed: the message holds the end of its log."""


class RunGoesOn(CommandError):
    """The Job has not ended in time: it goes on without this command."""


def job_from(cron_job: Mapping[str, Any], *, suffix: str) -> dict[str, Any]:
    """The Job that `kubectl create job --from=cronjob/…` would make, owned by the CronJob."""
    own, template = cron_job["metadata"], cron_job["spec"]["jobTemplate"]
    metadata = template.get("metadata") or {}
    name = f"{own['name'][: _NAME_LIMIT - len(suffix) - 5]}-now-{suffix}"
    owner = {"apiVersion": "batch/v1", "kind": "CronJob", "name": own["name"], "uid": own["uid"]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": name,
            "labels": dict(metadata.get("labels") or {}),
            "annotations": {
                **(metadata.get("annotations") or {}),
                "cronjob.kubernetes.io/instantiate": "manual",
            },
            "ownerReferences": [{**owner, "controller": True}],
        },
        "spec": template["spec"],
    }


def start_runs(subject: Subject, places: Places, *, check: str) -> dict[str, str]:
    """Create the Job of one check, or of all; the Jobs' names by check.

    Raises:
        NotFound: there is no such check, or the operator has made no CronJob yet.
        SourceDown: the API server does not answer or refuses.
    """
    known = cron_jobs(places, monitor=subject.name, namespace=subject.namespace)
    if not known:
        msg = (
            f"{subject.name} has no CronJob yet, the operator makes them: "
            f"`modelmonitor status {subject.name}` says how it is"
        )
        raise NotFound(msg)
    if check not in ("all", *known):
        msg = f"{subject.name} has no check {check}: choose {', '.join(sorted(known))} or all"
        raise NotFound(msg)
    started = {}
    for name in sorted(known) if check == "all" else [check]:
        job = job_from(known[name], suffix=secrets.token_hex(3))
        create_job(places, job, namespace=subject.namespace)
        started[name] = job["metadata"]["name"]
    return started


def follow_run(
    subject: Subject, places: Places, *, check: str, job: str, patience_s: float, say: Callable[[str], object]
) -> Ran:
    """Wait for a Job and read the result that it wrote into the monitor's status.

    Args:
        subject: the monitor as it was before.
        places: the cluster.
        check: whose Job it is.
        job: name of the Job.
        patience_s: how long to wait, seconds.
        say: told what the Job does, one line a change.

    Raises:
        RunFailed: the Job failed, or left no result.
        RunGoesOn: it has not ended in time.
        SourceDown: the API server does not answer or refuses.
    """
    state = _wait(subject, places, check=check, job=job, patience_s=patience_s, say=say)
    if state.ended == "Failed":
        tail = _tail(places, job, namespace=subject.namespace)
        msg = f"the run of {check} failed ({state.why}){f': {tail}' if tail else ''}"
        raise RunFailed(msg)
    after = monitor_of(places, name=subject.name, namespace=subject.namespace)
    before = {line.name: line.at for line in check_lines_of(subject.found)}
    line = next((each for each in check_lines_of(after) if each.name == check), None)
    if line is None or line.at == before.get(check):
        logs = f"kubectl -n {subject.namespace} logs job/{job}"
        msg = f"the run of {check} ended without a result in the status: {logs}"
        raise RunFailed(msg)
    return Ran((line,), report_of(after, check))


def _wait(
    subject: Subject, places: Places, *, check: str, job: str, patience_s: float, say: Callable[[str], object]
) -> JobState:
    deadline, told = time.monotonic() + patience_s, ""
    while time.monotonic() < deadline:
        state = job_state(places, job, namespace=subject.namespace)
        if state.ended:
            return state
        now = state.why or ("runs" if state.running else "waits for its pod")
        if now != told:
            say(f"{check}: job {job} {now}")
            told = now
        time.sleep(_POLL_S)
    msg = (
        f"the run of {check} has not ended within {patience_s:g} s and goes on ({told}): "
        f"kubectl -n {subject.namespace} logs -f job/{job}"
    )
    raise RunGoesOn(msg)


def _tail(places: Places, job: str, *, namespace: str) -> str:
    try:
        return last_lines(places, job, namespace=namespace).strip()
    except (SourceDown, NotFound):
        # The right to read logs is another than the one to run a check.
        return ""
