"""What the operator must remember of a monitor, and keeps in its status: timetables and trainings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final, Literal

from pydantic import Field

from modelmonitor.api.base import ApiModel
from modelmonitor.api.retrain import Trigger
from modelmonitor.api.words import Sentence, Word

TrainingOutcome = Literal["running", "succeeded", "failed"]

MOST_TRAININGS: Final = 10
"""How many trainings the status keeps."""


class TimetableStatus(ApiModel):
    """When a check runs, and since when it does so."""

    name: Word
    """Name of the check."""

    type: Word
    """Type of the check."""

    schedule: Word
    """Its schedule."""

    time_zone: Word
    """Time zone of the schedule."""

    since: datetime
    """Since when all of this holds, in UTC: from here the check's next result is waited for."""


class Training(ApiModel):
    """The newest training for one occasion; it stays here when its Job is deleted."""

    trigger: Word
    """Identity of the occasion, by which a training is approved."""

    attempt: int = 1
    """Which training for this occasion it is."""

    reason: Annotated[Trigger, Field(max_length=64)] | None = None
    """For what it was started, as in spec.retrain.when."""

    job: Word
    """Name of the Job."""

    started_at: datetime
    """When the Job was made, in UTC; from here the cool-down counts."""

    outcome: TrainingOutcome
    """How it ended, or that it has not."""

    message: Sentence | None = None
    """Why it failed."""
