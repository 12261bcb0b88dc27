"""A Hugging Face sequence classifier as a function from token ids to class probabilities and embeddings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from model_server.checkpoint import Checkpoint
from model_server.errors import ModelUnusable
from model_server.pretrained import load

# oneDNN keeps compiled primitives per shape: few distinct lengths keep memory from growing.
LENGTH_STEP = 8


@dataclass(frozen=True, slots=True)
class Score:
    """What one forward pass says of one text.

    Attributes:
        probabilities: softmax over the classes, in class order, sums to 1.
        embedding: mean of the last hidden layer over the text's tokens, float16 little-endian; None where the
            model has no hidden states to show.
    """

    probabilities: tuple[float, ...]
    embedding: bytes | None


class Classifier:
    """A loaded model; `encode` and `forward` are called from one thread only."""

    def __init__(self, checkpoint: Checkpoint, *, device: str, threads: int, max_tokens: int) -> None:
        torch.set_num_threads(threads)
        loaded = load(checkpoint, max_tokens=max_tokens)
        self.version = checkpoint.version
        self.classes = loaded.classes
        self.max_tokens = loaded.max_tokens
        self._tokenizer = loaded.tokenizer
        self._device = torch.device(_device(device))
        self._model = loaded.model.to(self._device).eval()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, cut at `max_tokens`."""
        encoded = self._tokenizer(
            list(texts),
            truncation=True,
            max_length=self.max_tokens,
            padding=False,
            return_attention_mask=False,
            return_token_type_ids=False,
        )
        return list(encoded["input_ids"])

    def forward(self, token_ids: Sequence[Sequence[int]]) -> list[Score]:
        """One forward pass over all given texts, padded to the longest."""
        ids, mask = self._pad(token_ids)
        with torch.inference_mode():
            output = self._model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            probabilities = output.logits.float().softmax(dim=-1).cpu().numpy()
            embeddings = _mean_pool(getattr(output, "hidden_states", None), mask)
        return [
            Score(tuple(row), None if embeddings is None else embeddings[i].tobytes())
            for i, row in enumerate(probabilities.tolist())
        ]

    def _pad(self, token_ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        length = padded_length(max(map(len, token_ids)), limit=self.max_tokens)
        ids = np.full((len(token_ids), length), self._tokenizer.pad_token_id, dtype=np.int64)
        mask = np.zeros((len(token_ids), length), dtype=np.int64)
        for row, tokens in enumerate(token_ids):
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        return torch.from_numpy(ids).to(self._device), torch.from_numpy(mask).to(self._device)


def padded_length(longest: int, *, limit: int) -> int:
    """`longest` rounded up to a multiple of 8 tokens, never over the model's limit."""
    return min(limit, -(-longest // LENGTH_STEP) * LENGTH_STEP)


def _device(wanted: str) -> str:
    if wanted == "cuda" and not torch.cuda.is_available():
        msg = "MM_SERVER_DEVICE is cuda but torch sees no GPU; use auto or cpu, or give the container a GPU."
        raise ModelUnusable(msg)
    return ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted


def _mean_pool(
    hidden_states: Sequence[torch.Tensor] | None, mask: torch.Tensor
) -> npt.NDArray[np.float16] | None:
    if not hidden_states:
        return None
    weights = mask.unsqueeze(-1).to(hidden_states[-1].dtype)
    pooled = (hidden_states[-1] * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
    return pooled.float().cpu().numpy().astype("<f2")
