"""One logged prediction, as the predictor and the collector hand it to the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from uuid_utils.compat import uuid7

if TYPE_CHECKING:
    import uuid


@dataclass(frozen=True, slots=True)
class Prediction:
    """One row of `prediction_logs`.

    Attributes:
        prediction_id: UUIDv7 made at admission and returned to the caller, so that labels can come back.
        predicted_at: time of admission with time zone; the partition key, so it must not change over replays.
            Of a UUIDv7 it is the time in it, so that whoever logs the prediction too gives it the same key.
        deployment_id: what served it, the name that drift checks select by.
        model_name: name of the model that answered.
        model_version: version of the model that answered.
        input_text: the text, or None where privacy settings drop it.
        predicted_sentiment: name of the predicted class.
        confidence_score: probability of the predicted class, 0 to 1; None where the model told the class
            alone.
        probabilities: one for each class, in the model's class order; without a confidence 1 for the class
            that was told, or empty.
        embedding: sentence embedding as float16 little-endian bytes, or None.
        latency_ms: time from admission to answer, in milliseconds.
        source: the protocol it came by: predict, v1, v2, grpc or cloudevent.
        segment: the caller's own columns to split checks by.
    """

    prediction_id: uuid.UUID
    predicted_at: datetime
    deployment_id: str
    model_name: str
    model_version: str
    input_text: str | None
    predicted_sentiment: str
    confidence_score: float | None
    probabilities: tuple[float, ...]
    embedding: bytes | None
    latency_ms: float
    source: str
    segment: Mapping[str, str]

    def __post_init__(self) -> None:
        """Refuse a time that could mean another one elsewhere."""
        if self.predicted_at.tzinfo is None:
            msg = f"predicted_at has no time zone ({self.predicted_at.isoformat()}): use datetime.now(UTC)"
            raise ValueError(msg)


def time_of(prediction_id: uuid.UUID) -> datetime:
    """When a UUIDv7 was made, to the millisecond (RFC 9562, section 5.7)."""
    return datetime.fromtimestamp((prediction_id.int >> 80) / 1000, UTC)


def new_prediction_id() -> uuid.UUID:
    """A fresh UUIDv7 (RFC 9562, section 5.7): unique, and ascending with time, so indexes stay compact."""
    return uuid7()
