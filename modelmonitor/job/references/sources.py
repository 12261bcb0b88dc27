"""From where a run may build a reference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from modelmonitor.job.datasets import installed_dataset
from modelmonitor.job.errors import JobError
from modelmonitor.store.datasets import LabelledText


class ReferenceNotBuilt(JobError):
    """The reference cannot be built; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a run may ask.

    Attributes:
        predictor_url: the predictor that scores texts; None if there is none to ask.
        score_token: its MM_SERVER_SCORE_TOKEN; empty if it is not known.
        mlflow_tracking_uri: where registered models are; None if there is no MLflow.
        datasets: gives the labelled texts of a name, or raises KeyError.
    """

    predictor_url: str | None = None
    score_token: str = field(default="", repr=False)
    mlflow_tracking_uri: str | None = None
    datasets: Callable[[str], Sequence[LabelledText]] = installed_dataset
