"""Predictions as a deployment would log them: short texts, two classes, 384 half-precision numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from modelmonitor.store.records import Prediction, new_prediction_id

EMBEDDING_BYTES: Final = 768
_WORDS: Final = 18


def predictions(count: int, *, embeddings: bool, seed: int = 1) -> Iterator[Prediction]:
    """`count` predictions of now, with random embeddings (they do not compress, as real ones do not)."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    words = [f"w{number}" + "x" * chance.randint(0, 6) for number in range(3000)]
    for _ in range(count):
        confidence = chance.betavariate(5, 1) / 2 + 0.5
        yield Prediction(
            prediction_id=new_prediction_id(),
            predicted_at=datetime.now(UTC),
            deployment_id="sentiment",
            model_name="sentiment",
            model_version="3",
            input_text=" ".join(chance.choices(words, k=_WORDS)),
            predicted_sentiment="POSITIVE",
            confidence_score=confidence,
            probabilities=(1 - confidence, confidence),
            embedding=chance.randbytes(EMBEDDING_BYTES) if embeddings else None,
            latency_ms=4.5,
            source="predict",
            segment={},
        )
