"""Send texts to a predictor over HTTP as clients would, and keep what it answered beside the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from modelmonitor.demo.data import LabelledText

_CLIENTS = 16
_TIMEOUT_S = 60.0


class ReplayFailed(Exception):
    """The predictor refused or did not answer; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the predictor said about one text, and what is true."""

    prediction_id: str
    sentiment: str
    confidence: float
    label: str


@dataclass(frozen=True, slots=True)
class Replay:
    """A replayed corpus: when it was sent (UTC, half-open) and every answer."""

    name: str
    start: datetime
    end: datetime
    answers: tuple[Answer, ...]

    @property
    def accuracy(self) -> float:
        """Share of answers that agree with the label, 0 to 1."""
        return sum(answer.sentiment == answer.label for answer in self.answers) / len(self.answers)

    @property
    def mean_confidence(self) -> float:
        """Mean confidence of the answers, 0 to 1."""
        return sum(answer.confidence for answer in self.answers) / len(self.answers)

    def low_confidence_share(self, *, below: float) -> float:
        """Share of answers with a confidence under `below`, 0 to 1."""
        return sum(answer.confidence < below for answer in self.answers) / len(self.answers)


def replay(
    name: str, texts: Sequence[LabelledText], *, predictor_url: str, progress: Callable[[int], None]
) -> Replay:
    """Send every text as one `POST /predict`, several clients at once; `progress` is told each answer.

    Raises:
        ReplayFailed: the predictor could not be reached or answered anything but 200.
    """
    start = datetime.now(UTC)
    limits = httpx.Limits(max_connections=_CLIENTS)
    with httpx.Client(base_url=predictor_url, timeout=_TIMEOUT_S, limits=limits) as client:

        def ask(text: LabelledText) -> Answer:
            answer = _predict(client, text)
            progress(1)
            return answer

        with ThreadPoolExecutor(_CLIENTS) as pool:
            answers = tuple(pool.map(ask, texts))
    return Replay(name=name, start=start, end=datetime.now(UTC), answers=answers)


def _predict(client: httpx.Client, text: LabelledText) -> Answer:
    try:
        response = client.post("/predict", json={"text": text.text})
    except httpx.HTTPError as error:
        msg = f"the predictor at {client.base_url} does not answer ({type(error).__name__}): is it running?"
        raise ReplayFailed(msg) from error
    if response.status_code != httpx.codes.OK:
        msg = f"the predictor answered {response.status_code} to a replayed text: {response.text[:200]}"
        raise ReplayFailed(msg)
    body = response.json()
    return Answer(
        prediction_id=body["prediction_id"],
        sentiment=body["sentiment"],
        confidence=body["confidence"],
        label=text.label,
    )
