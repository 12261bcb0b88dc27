"""What normal looks like: the sample that windows of predictions are compared with."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from modelmonitor.api.base import ApiModel, Rule, exactly_one
from modelmonitor.api.durations import UtcTime, parse_time
from modelmonitor.api.names import DatasetName, ModelName, ReasonText

Refresh = Literal["onModelVersionChange", "never"]


class ReferenceWindow(ApiModel):
    """A fixed stretch of the prediction log that is known to be good."""

    from_: UtcTime = Field(alias="from")
    """First moment, in UTC."""

    to: UtcTime
    """Moment after the last, in UTC."""

    rules: ClassVar = (
        Rule(
            message="reference.window.to must be a real date later than from",
            cel="timestamp(self.from) < timestamp(self.to)",
            holds=lambda window: _is_before(window.from_, window.to),
        ),
    )


def _is_before(first: str, second: str) -> bool:
    try:
        return parse_time(first) < parse_time(second)
    except ValueError:
        return False


class RollingReference(ApiModel):
    """The last days of the prediction log, without the windows in which drift was found.

    It moves once a day and ends where the longest window of the checks begins, so that no row is compared
    with itself. Slow drift moves with it: compare with a fixed reference too where that matters.
    """

    days: Annotated[int, Field(strict=True, ge=1, le=365)] = 28
    """How many days back."""


class MlflowReference(ApiModel):
    """A sample that was stored in MLflow together with the model."""

    registered_model: ModelName
    """Name of the registered model."""

    alias: ModelName = "champion"
    """Alias of the version whose sample is taken; not read where `version` is given."""

    version: ModelName | None = None
    """The version whose sample is taken, in place of an alias."""

    artifact: ModelName = "reference.csv"
    """Path of the sample among the artifacts of the run that made the version: CSV, NDJSON or Parquet with
    the column `text` and, if known, `label`. With a column `probability_CLASS` for each class the rows count
    as scored by that version; without, the served model scores them."""


class Reference(ApiModel):
    """What normal looks like. Give exactly one of `dataset`, `window`, `rolling` and `mlflow`."""

    dataset: DatasetName | None = None
    """Name of a data set that was scored by the model and stored as a reference in PostgreSQL."""

    window: ReferenceWindow | None = None
    """A fixed stretch of the prediction log."""

    rolling: RollingReference | None = None
    """The last days of the prediction log."""

    mlflow: MlflowReference | None = None
    """A sample stored in MLflow beside the model."""

    refresh: Refresh = "onModelVersionChange"
    """When a new version of the reference is built: another model makes the old scores meaningless."""

    force: ReasonText | None = None
    """Why a reference is taken although it seems to contain drift; recorded with every version that is built.
    Left out, such a reference is refused."""

    rules: ClassVar = (
        exactly_one(
            "dataset",
            "window",
            "rolling",
            "mlflow",
            attributes=("dataset", "window", "rolling", "mlflow"),
            message="reference needs exactly one of dataset, window, rolling and mlflow",
        ),
    )
