"""What a reconcile did, for whoever asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from controller.desired.gauges import GaugeSample
from controller.manifest import Failure
from controller.observation import TargetFacts
from modelmonitor.api.conditions import Condition, Reason


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a reconcile did.

    Attributes:
        gauges: what the monitor's gauges show from now on.
        written: objects that were sent, status included, as kind/name.
        pruned: objects that were removed.
        failures: sentences about objects that could not be brought to the plan.
        settled: whether nothing is awaited; if not, look again soon.
        version: resourceVersion of the monitor after its status was written; None if it was not.
        stale_at: when the next check will have waited too long for a result; None if none waits.
        retry_s: after how many seconds to try again what failed; None if nobody knows.
    """

    gauges: tuple[GaugeSample, ...]
    written: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    settled: bool = True
    version: str | None = None
    stale_at: datetime | None = None
    retry_s: float | None = None


def is_settled(target: TargetFacts, retraining: Sequence[Condition]) -> bool:
    """Whether nothing is awaited of a target or a training."""
    if any(condition.reason is Reason.TRAINING_NOT_STARTED for condition in retraining):
        return False
    return target.obstacle is None and (target.asleep is not None or any(pod.ready for pod in target.pods))


def retry_after(failures: Sequence[Failure]) -> float | None:
    """After how many seconds all of the failures may be tried again; None if that is not known of each."""
    known = [each.after_s for each in failures if each.after_s is not None]
    return max(known) if known and len(known) == len(failures) else None


def sent(written: tuple[str, ...], version: str | None) -> tuple[str, ...]:
    """What was sent, with the status if it got a version by it."""
    return written if version is None else (*written, "status")
