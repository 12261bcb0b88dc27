"""What the forward thread does with a batch: tokens, one forward pass, rows into the log, metrics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

from model_server.admission import Admitted
from model_server.prediction_log import InputText, Log, append_or_refuse, logged_text
from model_server.score import Score
from modelmonitor.store.records import Prediction

# English in the usual vocabularies; the queue's bound and Retry-After need no better.
CHARACTERS_PER_TOKEN: Final = 4


class Scores(Protocol):
    """A model as the engine sees it; `model_server.classifier.Classifier` is one."""

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that the model reads."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text."""

    def forward(self, token_ids: Sequence[Sequence[int]]) -> list[Score]:
        """One score for each list of token ids."""


class Counts(Protocol):
    """The metrics that a finished prediction moves."""

    def predicted(self, sentiment: str, *, confidence: float, seconds: float) -> None:
        """One prediction was made and logged."""


@dataclass(frozen=True, slots=True)
class RowPolicy:
    """What the rows say of this deployment, and what they keep of the user's text."""

    deployment_id: str
    model_name: str
    model_version: str
    classes: tuple[str, ...]
    input_text: InputText
    embeddings: bool
    when_full: Literal["refuse", "drop"]


@dataclass(frozen=True, slots=True)
class Recorder:
    """Logs and counts finished predictions; used by the forward thread before a reply is sent."""

    log: Log
    counts: Counts
    policy: RowPolicy

    def record(self, texts: Sequence[Admitted], scores: Sequence[Score]) -> None:
        """One row for each text that is a prediction, once all texts of its request are done, in one append.

        Raises:
            LogUnavailable: the rows cannot be logged and the policy is to refuse.
        """
        rows = [
            row
            for text, score in zip(texts, scores, strict=True)
            if text.source != "score"
            for row in text.call.rows_after(self._row(text, score))
        ]
        if not rows:
            return
        append_or_refuse(self.log, rows, policy=self.policy.when_full)
        for row in rows:
            self.counts.predicted(
                row.predicted_sentiment, confidence=max(row.probabilities), seconds=row.latency_ms / 1000.0
            )

    def _row(self, text: Admitted, score: Score) -> Prediction:
        confidence = max(score.probabilities)
        return Prediction(
            prediction_id=text.prediction_id,
            predicted_at=text.at,
            deployment_id=self.policy.deployment_id,
            model_name=self.policy.model_name,
            model_version=self.policy.model_version,
            input_text=logged_text(text.text, policy=self.policy.input_text),
            predicted_sentiment=self.policy.classes[score.probabilities.index(confidence)],
            confidence_score=confidence,
            probabilities=score.probabilities,
            embedding=score.embedding if self.policy.embeddings else None,
            latency_ms=text.age_ms,
            source=text.source,
            segment=text.segment,
        )


@dataclass(frozen=True, slots=True)
class ForwardEngine:
    """The `Engine` of the batcher over a classifier and a recorder."""

    classifier: Scores
    recorder: Recorder

    def weight(self, item: Admitted) -> int:
        """Tokens by the rule of thumb that one has four characters; the model cuts very long texts."""
        return min(2 + len(item.text) // CHARACTERS_PER_TOKEN, self.classifier.max_tokens)

    def prepare(self, items: Sequence[Admitted]) -> Sequence[list[int]]:
        """Token ids of each text, encoded together."""
        return self.classifier.encode([item.text for item in items])

    def length(self, ready: list[int]) -> int:
        """Number of tokens."""
        return len(ready)

    def forward(self, batch: Sequence[list[int]]) -> Sequence[Score]:
        """Scores of the batch from one forward pass."""
        return self.classifier.forward(batch)

    def record(self, items: Sequence[Admitted], results: Sequence[Score]) -> None:
        """Make the rows durable before anyone is answered."""
        self.recorder.record(items, results)
