"""The model behind BentoML, as its documentation batches: an API with batchable=True."""

from __future__ import annotations

import os
from typing import Any

import bentoml  # type: ignore[import-not-found]
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer


@bentoml.service(workers=1, traffic={"timeout": 120})  # type: ignore[untyped-decorator,unused-ignore]
class Sentiment:
    """One worker; texts that wait together share a forward pass."""

    def __init__(self) -> None:
        directory = os.environ["BENCH_MODEL"]
        self._tokenizer = AutoTokenizer.from_pretrained(directory)  # type: ignore[no-untyped-call]
        self._model = AutoModelForSequenceClassification.from_pretrained(directory).eval()

    @bentoml.api(batchable=True, max_batch_size=64, max_latency_ms=60_000)  # type: ignore[untyped-decorator,unused-ignore]
    def classify(self, texts: list[str]) -> list[dict[str, Any]]:
        """Classify a batch."""
        with torch.inference_mode():
            tokens = self._tokenizer(texts, truncation=True, padding=True, return_tensors="pt")
            probabilities = self._model(**tokens).logits.softmax(-1)
        confidence, label = probabilities.max(-1)
        names = self._model.config.id2label
        return [
            {"label": names[i], "score": score}
            for i, score in zip(label.tolist(), confidence.tolist(), strict=True)
        ]
