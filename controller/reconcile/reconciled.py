"""What a reconcile did, for whoever asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from controller.desired.gauges import GaugeSample


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
