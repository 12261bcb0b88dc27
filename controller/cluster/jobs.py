"""Look at the Jobs of a monitor: runs of checks, tasks such as upkeep, and trainings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from controller.observation import JobFact, TrainingFact

_OUTCOMES: Final = {"Complete": "succeeded", "Failed": "failed"}


def job_facts(jobs: Sequence[Mapping[str, Any]], *, label: str) -> tuple[JobFact, ...]:
    """The finished ones of some Jobs.

    Args:
        jobs: as the API server lists them.
        label: label that holds the name of the check or task; Jobs without it are left out.
    """
    return tuple(fact for job in jobs for fact in _facts(job, label))


def training_facts(jobs: Sequence[Mapping[str, Any]], *, label: str) -> tuple[TrainingFact, ...]:
    """Those of some Jobs that act on a reason to train again.

    Args:
        jobs: as the API server lists them.
        label: label that holds the identity of the trigger.
    """
    return tuple(_training(job, trigger) for job in jobs if (trigger := _label(job, label)))


def _facts(job: Mapping[str, Any], label: str) -> Iterator[JobFact]:
    name = _label(job, label)
    ended = _ended(job)
    if name and ended is not None:
        yield JobFact(
            check=name,
            name=job["metadata"]["name"],
            finished_at=datetime.fromisoformat(ended["lastTransitionTime"]),
            failed=ended["type"] == "Failed",
            message=_said(ended),
        )


def _training(job: Mapping[str, Any], trigger: str) -> TrainingFact:
    ended = _ended(job)
    return TrainingFact(
        name=job["metadata"]["name"],
        trigger_id=trigger,
        started_at=datetime.fromisoformat(job["metadata"]["creationTimestamp"]),
        outcome="" if ended is None else _OUTCOMES[ended["type"]],
        message="" if ended is None else _said(ended),
    )


def _label(job: Mapping[str, Any], label: str) -> str:
    return str((job["metadata"].get("labels") or {}).get(label, ""))


def _ended(job: Mapping[str, Any]) -> Mapping[str, Any] | None:
    conditions = job.get("status", {}).get("conditions") or []
    return next((each for each in conditions if each["status"] == "True" and each["type"] in _OUTCOMES), None)


def _said(condition: Mapping[str, Any]) -> str:
    return str(condition.get("message", "")).rstrip(".")
