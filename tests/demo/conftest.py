from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from modelmonitor.demo.data import LabelledText
from modelmonitor.demo.settings import TrainingSettings
from modelmonitor.local.mlflow import MlflowServer
from modelmonitor.local.ports import free_port

WORDS = ("a", "film", "good", "bad", "great", "dull", "and", "the", "long", "story")
TINY_SETTINGS = TrainingSettings(
    learning_rate=3e-3, batch_size=8, epochs=10, max_tokens=16, frozen_layers=0, precision="float32"
)


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory) -> Path:
    """A BERT of one layer that knows ten words, as a Hugging Face directory."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("tiny-encoder")
    vocabulary = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS)
    (folder / "words.txt").write_text("\n".join(vocabulary))
    BertTokenizerFast(vocab_file=str(folder / "words.txt")).save_pretrained(folder)
    torch.manual_seed(1)
    BertModel(
        BertConfig(
            vocab_size=len(vocabulary),
            hidden_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=32,
        )
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def opinions() -> tuple[LabelledText, ...]:
    """64 texts that one word decides."""
    praise = (f"a {word} {noun}" for noun in ("film", "story") for word in ("good", "great"))
    blame = (f"the {word} {noun}" for noun in ("film", "story") for word in ("bad", "dull"))
    pairs = tuple(zip(praise, blame, strict=True)) * 8
    return tuple(
        LabelledText(
            id=f"{row}{label[0]}", text=text, rating=1.0 if label == "POSITIVE" else -1.0, label=label
        )
        for row, pair in enumerate(pairs)
        for text, label in zip(pair, ("POSITIVE", "NEGATIVE"), strict=True)
    )


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory) -> Iterator[str]:
    """A real MLflow server."""
    with MlflowServer(tmp_path_factory.mktemp("mlflow"), port=free_port(0).number) as server:
        yield server.url
