"""What is known about a monitor: the drift job writes `checks`, the operator all else, people nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from modelmonitor.api.base import ApiModel
from modelmonitor.api.conditions import Condition
from modelmonitor.api.containers import KeyedBy

CheckVerdict = Literal["NoDrift", "Drift", "Inconclusive"]
MonitorVerdict = Literal["Healthy", "Warning", "Critical", "Inconclusive", "Suspended"]
DriftSeverity = Literal["warning", "critical"]

Word = Annotated[str, Field(max_length=256)]
Sentence = Annotated[str, Field(max_length=4096)]
Number = Annotated[str, Field(max_length=32, pattern=r"^-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?$")]


def number_text(value: float) -> str:
    """A finite number as the status writes it: up to four significant digits, such as 0.8731 or 1.2e-05.

    Raises:
        ValueError: the number is infinite or not a number; leave the field out instead.
    """
    text = format(value, ".4g").replace("e+", "e")
    if text.lstrip("-") in {"inf", "nan"}:
        msg = f"{value} cannot be written to a status; leave the field out"
        raise ValueError(msg)
    return text


class Effect(ApiModel):
    """How large a difference is, next to what matters."""

    name: Word
    """What is measured, such as `mmd2` or `cramers_v`."""

    value: Number
    """The measured effect."""

    warning: Number | None = None
    """From here on it is worth a warning."""

    critical: Number | None = None
    """From here on it is worth a page."""


class EstimatedAccuracy(ApiModel):
    """Accuracy as far as it can be told without labels: a range that holds the truth nine times of ten."""

    point: Number
    """Best single estimate, 0 to 1."""

    low: Number
    """Lower end, 0 to 1."""

    high: Number
    """Upper end, 0 to 1."""


class CheckStatus(ApiModel):
    """Result of the last run of one check. All but the name may be missing before the first run."""

    name: Word
    """Name of the check."""

    type: Word | None = None
    """Type of the check: data, concept or performance."""

    verdict: CheckVerdict | None = None
    """What the run found."""

    severity: DriftSeverity | None = None
    """How bad, if the verdict is Drift."""

    reason: Word | None = None
    """Why, in one word, such as TooFewRows."""

    message: Sentence | None = None
    """What was found, in a sentence for people."""

    last_run_time: datetime | None = None
    """When the run began, in UTC."""

    detector: Word | None = None
    """The test that ran."""

    backend: Word | None = None
    """Who computed it."""

    p_value: Number | None = None
    """Probability of a difference like this without drift."""

    threshold: Number | None = None
    """Level of the test: below it the difference is significant; follows from spec.falseAlarms."""

    effect: Effect | None = None
    """How large the difference is."""

    rows: int | None = None
    """Predictions in the window."""

    reference_rows: int | None = None
    """Rows of the reference."""

    window_start: datetime | None = None
    """First moment of the window, in UTC."""

    window_end: datetime | None = None
    """Moment after the last of the window, in UTC."""

    model_version: Word | None = None
    """Version of the model that made the predictions."""

    estimated_accuracy: EstimatedAccuracy | None = None
    """Accuracy of the model on the window, estimated."""

    report: Sentence | None = None
    """Where the full report is: an address or a path."""


class ReferenceStatus(ApiModel):
    """The reference in use."""

    name: Word
    """Name of the reference."""

    version: int | None = None
    """Version, counted from 1."""

    rows: int | None = None
    """Rows."""

    model_version: Word | None = None
    """Version of the model that scored it."""

    created_at: datetime | None = None
    """When it was built, in UTC."""


class Child(ApiModel):
    """An object that the operator made for the monitor."""

    kind: Word
    """Kind, such as CronJob."""

    name: Word
    """Name."""

    check: Word | None = None
    """The check that it runs, if any."""


class ModelMonitorStatus(ApiModel):
    """What is known about the monitor."""

    observed_generation: int | None = None
    """Generation of the spec that the operator last acted on."""

    verdict: MonitorVerdict | None = None
    """Whether the model can be trusted, in one word."""

    drift: Word | None = None
    """Names of the checks that see drift, or `none`."""

    confidence: Word | None = None
    """Mean confidence of the last window, 0 to 1."""

    last_run_time: datetime | None = None
    """When the newest run of any check began, in UTC."""

    alerts: int | None = None
    """Alerts that fire now."""

    model_version: Word | None = None
    """Version of the model that is served."""

    reference: ReferenceStatus | None = None
    """The reference in use."""

    conditions: Annotated[tuple[Condition, ...], KeyedBy(("type",))] = ()
    """What is known, one entry a subject."""

    checks: Annotated[tuple[CheckStatus, ...], KeyedBy(("name",))] = ()
    """Result of the last run of each check."""

    children: Annotated[tuple[Child, ...], KeyedBy(("kind", "name"), max_items=64)] = ()
    """Objects that the operator made."""

    @model_serializer(mode="wrap")
    def _without_empty_lists(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Who applies an empty list server-side owns it: the job would claim the operator's conditions.
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if value not in ([], ())}
