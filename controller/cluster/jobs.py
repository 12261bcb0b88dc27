"""Look at the finished jobs of a monitor's checks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from controller.observation import JobFact


def job_facts(jobs: list[dict[str, Any]], *, check_label: str) -> tuple[JobFact, ...]:
    """The finished ones of some Jobs.

    Args:
        jobs: as the API server lists them.
        check_label: label that holds the name of the check.
    """
    return tuple(fact for job in jobs for fact in _facts(job, check_label))


def _facts(job: Mapping[str, Any], check_label: str) -> Iterator[JobFact]:
    check = (job["metadata"].get("labels") or {}).get(check_label)
    for condition in job.get("status", {}).get("conditions") or []:
        if check and condition["status"] == "True" and condition["type"] in ("Complete", "Failed"):
            yield JobFact(
                check=check,
                name=job["metadata"]["name"],
                finished_at=datetime.fromisoformat(condition["lastTransitionTime"]),
                failed=condition["type"] == "Failed",
                message=str(condition.get("message", "")).rstrip("."),
            )
