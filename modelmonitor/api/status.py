"""What is known about a monitor: the drift job writes `checks`, the operator all else, people nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from modelmonitor.api.base import ApiModel
from modelmonitor.api.conditions import Condition
from modelmonitor.api.containers import KeyedBy
from modelmonitor.api.history import MOST_TRAININGS, TimetableStatus, Training
from modelmonitor.api.retrain import Trigger
from modelmonitor.api.words import Number, Sentence, Word

CheckVerdict = Literal["NoDrift", "Drift", "Inconclusive"]
MonitorVerdict = Literal["Healthy", "Warning", "Critical", "Inconclusive", "Suspended"]
DriftSeverity = Literal["warning", "critical"]
Look = Literal["scheduled", "extra"]


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


class MeasuredAccuracy(ApiModel):
    """Accuracy on the predictions of the window whose true label has come."""

    rows: int
    """Labelled predictions."""

    coverage: Number
    """Share of the window's predictions that are labelled, 0 to 1."""

    accuracy: Number
    """Share of them that were right, 0 to 1."""

    low: Number
    """Lower end of its interval, which stays valid however often it is looked at."""

    high: Number
    """Upper end of its interval."""

    delay: Word | None = None
    """Median time from a prediction to its label, such as 36h."""


class SegmentStatus(ApiModel):
    """A part of the window that was tested for itself."""

    name: Word
    """Column and value, such as channel=app."""

    verdict: CheckVerdict
    """What the run found in it."""

    severity: DriftSeverity | None = None
    """How bad, if the verdict is Drift."""

    rows: int
    """Predictions of the window that belong to it."""

    effect: Number | None = None
    """How large its difference is, in the unit of the check's effect."""

    share: Number | None = None
    """Its share of the difference between window and reference; all of a column together make 1."""

    accuracy: Number | None = None
    """Accuracy on its labelled predictions, 0 to 1."""


class EpisodeStatus(ApiModel):
    """An unbroken spell of drift: one alert, however many runs see it."""

    started_at: datetime
    """When a run first saw it, in UTC; with the name of the check this is its identity."""

    severity: DriftSeverity
    """The worst so far; it only rises, and its rise to critical is worth a second page."""

    fingerprint: Word | None = None
    """The direction of the drift, by which it is recognised when it returns."""

    same_as: datetime | None = None
    """Start of the first earlier episode in the same direction; absent if this drift is new."""

    number: int = 1
    """How many episodes this drift has had, this one included."""

    runs: int = 1
    """Runs that saw it."""


class RetrainTrigger(ApiModel):
    """A reason to train again that holds now."""

    trigger: Annotated[Trigger, Field(max_length=64)]
    """Which reason, as in spec.retrain.when."""

    established: bool
    """Whether it held in as many runs in a row as spec.retrain.minEvidence asks for."""

    runs: int
    """Runs in a row that gave it."""

    since: datetime
    """The first of them, in UTC."""

    message: Sentence
    """The evidence, in a sentence for people."""


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

    reference_note: Sentence | None = None
    """What to know of it, such as why no newer version could be built."""

    window_start: datetime | None = None
    """First moment of the window, in UTC."""

    window_end: datetime | None = None
    """Moment after the last of the window, in UTC."""

    model_version: Word | None = None
    """Version of the model that made the predictions."""

    confidence: Number | None = None
    """Mean confidence of the window's predictions, 0 to 1."""

    estimated_accuracy: EstimatedAccuracy | None = None
    """Accuracy of the model on the window, estimated."""

    minimum_detectable_effect: Number | None = None
    """The effect that this run would have found four times of five, in the unit of `effect`."""

    version_share: Number | None = None
    """Share of the window's predictions that `modelVersion` made, 0 to 1; only those are judged."""

    look: Look | None = None
    """`scheduled`, or `extra` for a run between two scheduled ones, which may page only from a reserve."""

    labelled: MeasuredAccuracy | None = None
    """Accuracy of the model on the window, measured with labels."""

    episode: EpisodeStatus | None = None
    """The open episode of drift; absent when there is none."""

    retrain: Annotated[tuple[RetrainTrigger, ...], KeyedBy(("trigger",), max_items=5)] = ()
    """Reasons to train again that this check found."""

    segments: Annotated[tuple[SegmentStatus, ...], KeyedBy(("name",), max_items=10)] = ()
    """The segments that drifted, then the largest; all of them are in the report."""

    explanation: Word | None = None
    """What changed, where, how much of it and whether it hurts, if the verdict is Drift; also in alerts."""

    report: Sentence | None = None
    """Where the full report is: an address or a path."""

    @model_serializer(mode="wrap")
    def _without_empty_lists(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if value not in ([], ())}


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


class TargetStatus(ApiModel):
    """The target as it was found: what the spec leaves open is filled in."""

    object: Word
    """What is monitored, such as InferenceService/sentiment."""

    model_name: Word
    """Name of the model in the prediction log."""

    metrics_port: int
    """Port of the pods on which Prometheus reads the metrics."""

    metrics_path: Word
    """Path of the metrics."""


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

    target: TargetStatus | None = None
    """The target as it was found."""

    reference: ReferenceStatus | None = None
    """The reference in use."""

    conditions: Annotated[tuple[Condition, ...], KeyedBy(("type",))] = ()
    """What is known, one entry a subject."""

    checks: Annotated[tuple[CheckStatus, ...], KeyedBy(("name",))] = ()
    """Result of the last run of each check."""

    timetables: Annotated[tuple[TimetableStatus, ...], KeyedBy(("name",))] = ()
    """When each check runs; none while the monitor is suspended."""

    trainings: Annotated[tuple[Training, ...], KeyedBy(("trigger",), max_items=MOST_TRAININGS)] = ()
    """Trainings that were started, the oldest first."""

    children: Annotated[tuple[Child, ...], KeyedBy(("kind", "name"), max_items=64)] = ()
    """Objects that the operator made."""

    @model_serializer(mode="wrap")
    def _without_empty_lists(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Who applies an empty list server-side owns it: the job would claim the operator's conditions.
        written: dict[str, Any] = handler(self)
        return {name: value for name, value in written.items() if value not in ([], ())}
