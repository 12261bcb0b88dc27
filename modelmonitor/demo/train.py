"""Fine-tuning a sentence encoder into a sentiment classifier on a processor: minutes, and repeatable."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import torch
from torch.nn.functional import cross_entropy
from torch.nn.utils import clip_grad_norm_

from modelmonitor.demo.batches import training_batches
from modelmonitor.demo.classifier import Classifier, autocast
from modelmonitor.demo.data import LABELS, LabelledText
from modelmonitor.demo.settings import TrainingSettings


@dataclass(frozen=True, slots=True)
class Step:
    """One finished training step.

    Attributes:
        number: from 1 to `total`.
        total: steps of the whole training.
        loss: mean cross-entropy of the step's batch, in nats.
        seconds: since training began.
    """

    number: int
    total: int
    loss: float
    seconds: float

    @property
    def remaining_seconds(self) -> float:
        """Expected time to the end at the pace so far."""
        return self.seconds / self.number * (self.total - self.number)


class StepObserver(Protocol):
    """Told of every finished training step: a progress bar, a log, a list in a test."""

    def __call__(self, step: Step, /) -> None:
        """Take note of the step."""


def fine_tune(
    classifier: Classifier,
    texts: Sequence[LabelledText],
    *,
    settings: TrainingSettings,
    observe: StepObserver,
) -> tuple[Step, ...]:
    """Train the classifier in place with AdamW, a linear warm-up and decay, and batches of similar length.

    The same texts, settings, library versions, processor and number of threads give the same weights.

    Args:
        classifier: from `load_encoder` with the same settings.
        texts: what to learn from.
        settings: the recipe.
        observe: told of every step as it ends.

    Returns:
        Every step in order: the loss curve.
    """
    tokens = classifier.tokens([text.text for text in texts], max_tokens=settings.max_tokens)
    labels = torch.tensor([LABELS.index(text.label) for text in texts])
    batches = _batches([len(row) for row in tokens], settings)
    learn = _Learner(classifier, settings, steps=len(batches))
    steps: list[Step] = []
    with _training(classifier.model, seed=settings.seed):
        start = time.monotonic()
        for number, batch in enumerate(batches, start=1):
            loss = learn([tokens[row] for row in batch], labels[list(batch)])
            steps.append(Step(number=number, total=len(batches), loss=loss, seconds=time.monotonic() - start))
            observe(steps[-1])
    return tuple(steps)


class _Learner:
    """One optimizer and its schedule; each call is one step on one batch."""

    def __init__(self, classifier: Classifier, settings: TrainingSettings, *, steps: int) -> None:
        self._classifier = classifier
        self._settings = settings
        self._weights = [weight for weight in classifier.model.parameters() if weight.requires_grad]
        self._optimizer = torch.optim.AdamW(
            self._weights, lr=settings.learning_rate, weight_decay=settings.weight_decay, fused=True
        )
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._optimizer, lambda step: rate_factor(step, steps, settings.warmup_share)
        )

    def __call__(self, tokens: Sequence[Sequence[int]], labels: torch.Tensor) -> float:
        with autocast(self._settings.precision):
            logits = self._classifier.logits(tokens)
        loss = cross_entropy(logits.float(), labels)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(self._weights, self._settings.max_gradient_norm)
        self._optimizer.step()
        self._schedule.step()
        return float(loss.item())


def rate_factor(step: int, steps: int, warmup_share: float) -> float:
    """Share of the peak learning rate at a step counted from 0: linear up to 1, then down towards 0."""
    warmup = max(1.0, warmup_share * steps)
    return max(0.0, min((step + 1) / warmup, (steps - step) / max(1.0, steps - warmup)))


def _batches(lengths: Sequence[int], settings: TrainingSettings) -> list[tuple[int, ...]]:
    return [
        batch
        for epoch in range(settings.epochs)
        for batch in training_batches(lengths, settings.batch_size, seed=settings.seed + epoch)
    ]


@contextmanager
def _training(model: torch.nn.Module, *, seed: int) -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model.train()
        try:
            yield
        finally:
            model.eval()
