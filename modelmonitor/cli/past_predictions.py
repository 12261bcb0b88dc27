"""What a CSV of past predictions says about a model: how many, when, how sure, labelled or not."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from modelmonitor.cli.errors import WrongInput

_TIMES: Final = ("predicted_at", "timestamp", "time", "created_at")
_CONFIDENCES: Final = ("confidence_score", "confidence", "score", "probability")
_LABELS: Final = ("label", "true_label", "target")
_MODELS: Final = ("deployment_id", "model_name", "model")


@dataclass(frozen=True, slots=True)
class PastPredictions:
    """Figures of a CSV.

    Attributes:
        first: time of the first prediction, UTC.
        last: time of the last one, UTC.
        confidence: mean, 0 to 1; None without such a column.
        labelled: whether there is a column of labels with at least one.
        model: name in the first row, empty without such a column.
    """

    rows: int
    first: datetime
    last: datetime
    confidence: float | None
    labelled: bool
    model: str

    @property
    def per_day(self) -> float:
        """Predictions a day."""
        return self.rows / max(1.0, (self.last - self.first).total_seconds() / 86_400)


def read_past_predictions(text: str, *, source: str) -> PastPredictions:
    """The figures of a CSV with a header.

    Raises:
        WrongInput: it has no rows, no column of times, or a value that cannot be read; the line is named.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    names = {name.strip().lower(): name for name in reader.fieldnames or ()}
    time = _column(names, _TIMES)
    if time is None:
        msg = f"{source} has no column of times: name one of {', '.join(_TIMES)} in its first line"
        raise WrongInput(msg)
    confidence, label, model = (_column(names, each) for each in (_CONFIDENCES, _LABELS, _MODELS))
    times, sure, labels, models = [], [], 0, ""
    for row in reader:
        place = f"{source}, line {reader.line_num}"
        times.append(_time(row[time], place))
        if confidence is not None:
            sure.append(_share(row[confidence], place))
        labels += bool(label is not None and row[label])
        models = models or (row[model] if model is not None else "")
    if not times:
        msg = f"{source} holds no predictions: write one line for each below the header"
        raise WrongInput(msg)
    mean = sum(sure) / len(sure) if sure else None
    return PastPredictions(len(times), min(times), max(times), mean, labels > 0, models or "")


def _column(names: dict[str, str], wanted: tuple[str, ...]) -> str | None:
    return next((names[each] for each in wanted if each in names), None)


def _time(text: str | None, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        msg = f"{place}: {text!r} is not a time: write 2026-11-20T12:00:00Z"
        raise WrongInput(msg) from None
    # PostgreSQL and spreadsheets leave the zone out where it is UTC.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _share(text: str | None, place: str) -> float:
    try:
        value = float(text or "")
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        msg = f"{place}: {text!r} is not a confidence from 0 to 1"
        raise WrongInput(msg)
    return value
