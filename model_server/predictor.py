"""From texts to logged predictions: the one path that every protocol takes."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from model_server.admission import Admitted, Call, Source, TextLimits, check_texts
from model_server.batch_plan import BatchLimits
from model_server.batching import Batcher, QueueLimits
from model_server.engine import ForwardEngine
from model_server.errors import InferenceFailed, ServingError
from model_server.failure import where
from model_server.score import Score
from model_server.segment import NO_SEGMENT
from modelmonitor.store.records import new_prediction_id, time_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ServedModel:
    """Which model answers: the name and version of the paths and rows, and its classes in order."""

    name: str
    version: str
    classes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One prediction as every protocol reports it, in its own form."""

    prediction_id: uuid.UUID
    sentiment: str
    confidence: float
    probabilities: tuple[float, ...]


class Predicts(Protocol):
    """What the protocols need of the predictor."""

    @property
    def model(self) -> ServedModel:
        """The model that answers."""

    @property
    def ready(self) -> bool:
        """True while requests are answered."""

    async def predict(
        self, texts: Sequence[object], *, source: Source, segment: Mapping[str, str]
    ) -> list[Answer]:
        """Classify and log each text."""

    async def score(self, texts: Sequence[object]) -> list[Score]:
        """Classify each text without logging it."""


class Predictor:
    """Checks texts, waits for the forward thread and names the classes."""

    def __init__(
        self,
        engine: ForwardEngine,
        *,
        model: ServedModel,
        texts: TextLimits,
        batches: BatchLimits,
        queue: QueueLimits,
    ) -> None:
        self.model = model
        self._texts = texts
        self._batcher: Batcher[Admitted, list[int], Score] = Batcher(engine, limits=batches, queue=queue)

    def start(self) -> None:
        """Start the forward thread."""
        self._batcher.start()

    def close(self, timeout_s: float) -> None:
        """Answer what waits, then end."""
        self._batcher.close(timeout_s)

    @property
    def ready(self) -> bool:
        """True while the forward thread runs."""
        return self._batcher.alive

    async def predict(
        self, texts: Sequence[object], *, source: Source, segment: Mapping[str, str] = NO_SEGMENT
    ) -> list[Answer]:
        """Classify and log each text; either all of a request are answered or the first error is raised.

        Raises:
            ServingError: of the class that says what the caller should do.
        """
        admitted = self._admit(texts, source=source, segment=segment)
        scores = await self._scores(admitted)
        return [self._answer(text, score) for text, score in zip(admitted, scores, strict=True)]

    async def score(self, texts: Sequence[object]) -> list[Score]:
        """Classify each text without logging or counting it: references are built from this.

        Raises:
            ServingError: of the class that says what the caller should do.
        """
        return await self._scores(self._admit(texts, source="score", segment=NO_SEGMENT))

    def _admit(
        self, texts: Sequence[object], *, source: Source, segment: Mapping[str, str]
    ) -> list[Admitted]:
        started = time.perf_counter()
        checked = check_texts(texts, limits=self._texts)
        call = Call(len(checked))
        named = [(new_prediction_id(), text) for text in checked]
        # The time is that of the id: KServe's logger may bring the same prediction to the collector.
        return [Admitted(each, time_of(each), started, text, source, segment, call) for each, text in named]

    async def _scores(self, admitted: Sequence[Admitted]) -> list[Score]:
        futures = self._batcher.submit(admitted)
        try:
            return [await future for future in futures]
        except ServingError:
            raise
        except Exception as error:
            logger.error("the model failed on a text: %s", where(error))  # noqa: TRY400  # the message may hold the text
            msg = "the model failed on a text of this request; nothing of the request was logged."
            raise InferenceFailed(msg) from error
        finally:
            # After an error, and when the client has gone, the rest of the request need not be computed.
            _cancel(futures)

    def _answer(self, text: Admitted, score: Score) -> Answer:
        confidence = max(score.probabilities)
        sentiment = self.model.classes[score.probabilities.index(confidence)]
        return Answer(text.prediction_id, sentiment, confidence, score.probabilities)


def _cancel(futures: Sequence[asyncio.Future[Score]]) -> None:
    for future in futures:
        if future.done() and not future.cancelled():
            future.exception()  # marks it as seen: asyncio would report it as never retrieved
        else:
            future.cancel()
