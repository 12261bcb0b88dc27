"""CronJobs of checks and the Jobs that are made from them, in a cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from modelmonitor.api.labels import CHECK_LABEL, MONITOR_LABEL
from modelmonitor.cli.places import Places
from modelmonitor.cli.sources.cluster import GROUP, PLURAL, VERSION, asking

_LAST_LINES: Final = 5


@dataclass(frozen=True, slots=True)
class JobState:
    """How a Job is.

    Attributes:
        running: whether a pod of it runs.
        ended: Complete, Failed, or empty while it has not ended.
        why: the cluster's words about its end, or about a pod that cannot start.
    """

    running: bool = False
    ended: str = ""
    why: str = ""


def cron_jobs(places: Places, *, monitor: str, namespace: str) -> dict[str, Mapping[str, Any]]:
    """The CronJobs of a monitor's checks, by the check's name; raises as `asking`."""
    with asking(places) as (client, _):
        found = client.BatchV1Api().list_namespaced_cron_job(
            namespace,
            label_selector=f"{MONITOR_LABEL}={monitor},{CHECK_LABEL}",
            _request_timeout=places.timeout_s,
        )
        plain = [client.ApiClient().sanitize_for_serialization(each) for each in found.items]
    return {each["metadata"]["labels"][CHECK_LABEL]: each for each in plain}


def create_job(places: Places, job: Mapping[str, Any], *, namespace: str) -> None:
    """Create a Job; raises as `asking`."""
    with asking(places) as (client, _):
        client.BatchV1Api().create_namespaced_job(namespace, dict(job), _request_timeout=places.timeout_s)


def job_state(places: Places, name: str, *, namespace: str) -> JobState:
    """How a Job is now; raises as `asking`."""
    with asking(places) as (client, _):
        batch, limit = client.BatchV1Api(), places.timeout_s
        status = batch.read_namespaced_job_status(name, namespace, _request_timeout=limit).status
        for each in status.conditions or ():
            if each.type in {"Complete", "Failed"} and each.status == "True":
                return JobState(ended=each.type, why=each.message or each.reason or "")
        pods = client.CoreV1Api().list_namespaced_pod(
            namespace, label_selector=f"job-name={name}", _request_timeout=limit
        )
        waits = [_waiting(pod) for pod in pods.items]
        return JobState(
            running=any(pod.status.phase == "Running" for pod in pods.items),
            why=next((each for each in waits if each), ""),
        )


def last_lines(places: Places, job: str, *, namespace: str) -> str:
    """The end of the log of a Job's newest pod; empty if it has none. Raises as `asking`."""
    with asking(places) as (client, _):
        core, limit = client.CoreV1Api(), places.timeout_s
        pods = core.list_namespaced_pod(
            namespace, label_selector=f"job-name={job}", _request_timeout=limit
        ).items
        if not pods:
            return ""
        newest = max(pods, key=lambda pod: pod.metadata.creation_timestamp)
        return str(
            core.read_namespaced_pod_log(
                newest.metadata.name, namespace, tail_lines=_LAST_LINES, _request_timeout=limit
            )
        )


def monitor_of(places: Places, *, name: str, namespace: str) -> Mapping[str, Any]:
    """A ModelMonitor as it is now; raises as `asking`."""
    with asking(places) as (client, _):
        found: Mapping[str, Any] = client.CustomObjectsApi().get_namespaced_custom_object(
            GROUP, VERSION, namespace, PLURAL, name, _request_timeout=places.timeout_s
        )
    return found


def _waiting(pod: Any) -> str:  # noqa: ANN401 - an optional package's class
    """Why a pod does not start, such as an image that cannot be pulled."""
    for each in pod.status.container_statuses or ():
        waiting = each.state.waiting if each.state else None
        if waiting is not None and waiting.reason not in {None, "ContainerCreating", "PodInitializing"}:
            return f"{waiting.reason}: {waiting.message or ''}".rstrip(": ")
    for each in pod.status.conditions or ():
        if each.type == "PodScheduled" and each.status == "False":
            return str(each.message or each.reason)
    return ""
