"""A model gives the same answers when texts share rows, and models of another form are left as they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    DistilBertConfig,
    DistilBertForSequenceClassification,
    ElectraConfig,
    ElectraForSequenceClassification,
    RobertaConfig,
    RobertaForSequenceClassification,
)

from model_server.inference.outputs import WithEmbedding
from model_server.inference.packed import Packed, arguments, can_be_packed
from model_server.inference.runtime import IntArray, Padding, padded
from model_server.inference.torch_runtime import TorchRuntime, traced

SIZE = {
    "vocab_size": 99,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
}
KNOWN = [
    (BertForSequenceClassification, BertConfig),
    (RobertaForSequenceClassification, RobertaConfig),
    (ElectraForSequenceClassification, ElectraConfig),
]
BATCHES = ([3, 9, 40], [7, 7], [1, 60, 2, 2] * 5, [200, 3, 4, 100])


def batch(lengths: list[int]) -> tuple[IntArray, IntArray]:
    generator = np.random.default_rng(len(lengths))
    texts = [generator.integers(5, 99, size=length).tolist() for length in lengths]
    return padded(texts, padding=Padding(1, 512), step=1)


@pytest.mark.parametrize(("architecture", "config"), KNOWN)
def test_packed_texts_get_the_scores_and_embeddings_of_padded_ones(architecture: Any, config: Any) -> None:
    torch.manual_seed(5)
    model = architecture(config(**SIZE, pad_token_id=1)).eval()
    assert can_be_packed(model)
    module = WithEmbedding(model).eval()
    with torch.inference_mode():
        before = [module(*map(torch.from_numpy, batch(lengths))) for lengths in BATCHES]
        packed = Packed(module).eval()
        graph = traced(packed, arguments(*batch([12, 5])))
        for lengths, expected in zip(BATCHES, before, strict=True):
            padded_again = module(*map(torch.from_numpy, batch(lengths)))
            for found in (
                packed(*arguments(*batch(lengths))),
                graph(*arguments(*batch(lengths))),
                padded_again,
            ):
                for part, right in zip(found, expected, strict=True):
                    assert torch.allclose(part, right, atol=2e-6), lengths


def test_an_encoder_of_another_form_is_not_packed() -> None:
    config = DistilBertConfig(vocab_size=99, dim=32, n_layers=1, n_heads=4, hidden_dim=64)

    assert not can_be_packed(DistilBertForSequenceClassification(config))


def test_relative_positions_are_not_packed() -> None:
    config = BertConfig(**SIZE, position_embedding_type="relative_key")

    assert not can_be_packed(BertForSequenceClassification(config))


def test_a_decoder_is_not_packed() -> None:
    assert not can_be_packed(BertForSequenceClassification(BertConfig(**SIZE, is_decoder=True)))


def test_texts_that_are_shared_out_over_cores_get_their_own_results_in_order() -> None:
    torch.manual_seed(5)
    config = BertConfig(**SIZE, pad_token_id=1)
    torch.set_num_threads(2)
    runtime = TorchRuntime(
        BertForSequenceClassification(config), device=torch.device("cpu"), precision="bf16"
    )
    ids, mask = batch([3, 9, 40, 7, 60, 5, 5])
    together = runtime.run(ids, mask)

    assert runtime.packs
    for text, length in enumerate(mask.sum(axis=1)):
        alone = runtime.run(ids[[text], :length], mask[[text], :length])
        assert np.abs(together.probabilities[text] - alone.probabilities[0]).max() < 0.01
        assert np.abs(together.embeddings[text] - alone.embeddings[0]).max() < 0.05
    assert len({row.tobytes() for row in together.embeddings}) == len(ids)


def test_a_model_that_cannot_be_traced_is_padded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.jit, "trace", lambda *_, **__: 1 / 0)
    config = BertConfig(**SIZE, pad_token_id=1)
    runtime = TorchRuntime(
        BertForSequenceClassification(config), device=torch.device("cpu"), precision="bf16"
    )

    assert not runtime.packs
    assert runtime.run(*batch([3, 9])).probabilities.shape == (2, 2)
