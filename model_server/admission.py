"""What a request must look like before it may wait for the model."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from model_server.errors import InvalidText, RequestTooLarge
from modelmonitor.store.records import Prediction

Source = Literal["predict", "v1", "v2", "grpc", "cloudevent", "score"]


@dataclass(frozen=True, slots=True)
class TextLimits:
    """Bounds on one request: characters of a text, and number of texts."""

    chars: int
    texts: int


@dataclass(slots=True, eq=False)
class Call:
    """The texts of one request: their rows are logged together, so that a request that fails leaves none.

    Belongs to the forward thread once its texts wait for it.
    """

    texts: int
    finished: list[Prediction] = field(default_factory=list)

    def rows_after(self, row: Prediction) -> list[Prediction]:
        """All rows of the request if this one was the last that was missing, else none yet."""
        self.finished.append(row)
        return self.finished if len(self.finished) == self.texts else []


@dataclass(frozen=True, slots=True)
class Admitted:
    """One text on its way to the model.

    Attributes:
        prediction_id: UUIDv7 that the caller gets back and labels refer to.
        at: UTC time of admission, the time of the logged row.
        started: the same moment on the monotonic clock, in seconds.
        text: not empty, within the limits.
        source: the protocol it came by; `score` is neither logged nor counted.
        segment: the caller's columns to split checks by.
        call: the request that it came with.
    """

    prediction_id: uuid.UUID
    at: datetime
    started: float
    text: str
    source: Source
    segment: Mapping[str, str]
    call: Call

    @property
    def age_ms(self) -> float:
        """Milliseconds since admission."""
        return (time.perf_counter() - self.started) * 1000.0


def check_texts(texts: Sequence[object], *, limits: TextLimits) -> list[str]:
    """The texts, when there is at least one and each can be classified.

    Raises:
        InvalidText: the list is empty, or an entry is no string, blank or too long; the sentence says which.
        RequestTooLarge: there are more texts than one request may hold.
    """
    if not texts:
        msg = "the request holds no text; send at least one."
        raise InvalidText(msg)
    if len(texts) > limits.texts:
        msg = (
            f"the request holds {len(texts)} texts and {limits.texts} are allowed; send them in several "
            "requests."
        )
        raise RequestTooLarge(msg)
    return [
        _check(text, name="text" if len(texts) == 1 else f"text {i}", limit=limits.chars)
        for i, text in enumerate(texts)
    ]


def _check(text: object, *, name: str, limit: int) -> str:
    if not isinstance(text, str):
        msg = f'{name} must be a string, got {json_kind(text)}; write it in quotes, as in "This is amazing!".'
        raise InvalidText(msg)
    if len(text) > limit:
        msg = f"{name} has {len(text)} characters and {limit} are allowed; shorten it or split it."
        raise InvalidText(msg)
    if not text.strip():
        msg = f"{name} is empty; send at least one word."
        raise InvalidText(msg)
    return text


def json_kind(value: object) -> str:
    """What JSON calls the value: `a number`, `null`, `a list`, …; never the value itself."""
    if value is None:
        return "null"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "true or false"),
        ((int, float), "a number"),
        (str, "a string"),
        (list, "a list"),
        (dict, "an object"),
    )
    return next((name for types, name in kinds if isinstance(value, types)), "something else")
