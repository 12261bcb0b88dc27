"""The model as transformers runs it by itself on a processor: float32, eager attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging as transformers_logging

from model_server.cores import allowed_cores


@dataclass(frozen=True, slots=True)
class Probabilities:
    """Softmax of one text."""

    probabilities: tuple[float, ...]


class Eager:
    """Tokenizer and model, with no care taken but batches, padding to the longest, and inference mode."""

    def __init__(self, model: Path) -> None:
        torch.set_num_threads(allowed_cores())
        transformers_logging.set_verbosity_error()  # it advises against padding apart from tokenising
        self._tokenizer = AutoTokenizer.from_pretrained(model)  # type: ignore[no-untyped-call]
        self._model = AutoModelForSequenceClassification.from_pretrained(
            model, attn_implementation="eager"
        ).eval()
        names = self._model.config.id2label
        self.classes = tuple(str(names[i]) for i in range(len(names)))

    def encode(self, texts: Sequence[str]) -> Sequence[list[int]]:
        """Token ids of each text, cut at the model's positions."""
        limit = self._model.config.max_position_embeddings
        ids: list[list[int]] = self._tokenizer(list(texts), truncation=True, max_length=limit)["input_ids"]
        return ids

    def forward(self, token_ids: Sequence[list[int]]) -> list[Probabilities]:
        """One forward pass."""
        batch = self._tokenizer.pad({"input_ids": list(token_ids)}, return_tensors="pt")
        with torch.inference_mode():
            rows = self._model(**batch).logits.softmax(-1).tolist()
        return [Probabilities(tuple(row)) for row in rows]
