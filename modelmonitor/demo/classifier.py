"""A sentiment classifier in memory: made from an encoder, asked for probabilities, saved for serving."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn.utils.rnn import pad_sequence
from transformers import AutoModelForSequenceClassification, AutoTokenizer, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from modelmonitor.demo.batches import reading_batches
from modelmonitor.demo.data import LABELS
from modelmonitor.demo.settings import Precision, TrainingSettings

FloatArray = npt.NDArray[np.float32]

_READ_BATCH: Final = 64
_READ_TOKENS: Final = 128


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A sequence classification model and its tokenizer."""

    model: Any
    tokenizer: Any

    def tokens(self, texts: Sequence[str], *, max_tokens: int) -> list[list[int]]:
        """Token ids of each text, cut to `max_tokens`."""
        ids: list[list[int]] = self.tokenizer(list(texts), truncation=True, max_length=max_tokens)[
            "input_ids"
        ]
        return ids

    def logits(self, tokens: Sequence[Sequence[int]]) -> torch.Tensor:
        """(n, classes) logits of n tokenised texts, padded to the longest."""
        ids = pad_sequence(
            [torch.tensor(row) for row in tokens], batch_first=True, padding_value=self.tokenizer.pad_token_id
        )
        lengths = torch.tensor([len(row) for row in tokens])
        mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
        logits: torch.Tensor = self.model(input_ids=ids, attention_mask=mask).logits
        return logits

    def probabilities(self, texts: Sequence[str]) -> FloatArray:
        """(n, classes) float32 probabilities of n texts, rows sum to 1; float32 like the server's."""
        tokens = self.tokens(texts, max_tokens=_READ_TOKENS)
        result = np.zeros((len(texts), self.model.config.num_labels), dtype=np.float32)
        with torch.inference_mode():
            for batch in reading_batches([len(row) for row in tokens], _READ_BATCH):
                result[list(batch)] = self.logits([tokens[row] for row in batch]).softmax(-1).numpy()
        return result

    def save(self, directory: Path) -> None:
        """Write a Hugging Face model directory: configuration with label names, weights, tokenizer."""
        self.model.save_pretrained(directory)
        self.tokenizer.save_pretrained(directory)


def load_encoder(directory: Path, settings: TrainingSettings) -> Classifier:
    """The encoder in `directory` with a fresh classification layer, drawn from the seed.

    Token embeddings and the lowest layers are frozen: the vocabulary holds half of the weights, and one pass
    over a few thousand short texts hardly moves it. Attention dropout is off, as it would keep processors
    from the fused attention kernel.
    """
    torch.manual_seed(settings.seed)
    with _expecting_a_new_layer():
        model = AutoModelForSequenceClassification.from_pretrained(
            directory,
            id2label=dict(enumerate(LABELS)),
            label2id={label: index for index, label in enumerate(LABELS)},
            hidden_dropout_prob=settings.dropout,
            attention_probs_dropout_prob=0.0,
        )
    for module in (model.base_model.embeddings, *model.base_model.encoder.layer[: settings.frozen_layers]):
        module.requires_grad_(requires_grad=False)
    return Classifier(model=model.eval(), tokenizer=_tokenizer(directory))


def _tokenizer(directory: Path) -> PreTrainedTokenizerBase:
    tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(directory)  # type: ignore[no-untyped-call]
    return tokenizer


def native_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16 matrices itself (AVX512-BF16, AMX, or ARM's bf16)."""
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def autocast(precision: Precision) -> AbstractContextManager[Any]:
    """Matrix products in the given number format on the processor."""
    return torch.autocast("cpu", dtype=torch.bfloat16) if precision == "bfloat16" else nullcontext()


@contextmanager
def _expecting_a_new_layer() -> Iterator[None]:
    # transformers warns that the classification layer is untrained; training it is what comes next.
    before = transformers_logging.get_verbosity()
    transformers_logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        transformers_logging.set_verbosity(before)
