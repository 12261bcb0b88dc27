"""The bare model in a process of its own: the object that the predictor runs, without a server around it."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

# Padded tokens of a batch to choose from; the server's own default is among them.
BUDGETS: Final = (256, 512, 1024, 2048, 4096)
_BATCH_TEXTS: Final = 256
_TRIED_TEXTS: Final = 800

Result = TypeVar("Result")


class Scores(Protocol):
    """What `model_server.app.load_classifier` returns, as far as it is used here."""

    classes: tuple[str, ...]

    def encode(self, texts: Sequence[str]) -> Sequence[Any]:
        """Tokens of each text."""

    def forward(self, token_ids: Sequence[Any]) -> Sequence[Any]:
        """Scores of each text."""


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass over all texts.

    Attributes:
        texts: how many.
        encode_s: seconds to tokenise them all.
        forward_s: seconds of all forward passes, results as Python objects.
        forward_cpu_s: processor seconds of them, over all threads.
    """

    texts: int
    encode_s: float
    forward_s: float
    forward_cpu_s: float


@dataclass(frozen=True, slots=True)
class Single:
    """One text alone: milliseconds of its tokenising and of its forward pass."""

    encode_ms: float
    forward_ms: float


def sorted_batches(lengths: Sequence[int], *, texts: int, tokens: int) -> list[list[int]]:
    """Positions from shortest to longest, cut where the next would exceed texts or padded tokens."""
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        full = not batches or len(batches[-1]) == texts
        if full or (len(batches[-1]) + 1) * lengths[position] > tokens:
            batches.append([])
        batches[-1].append(position)
    return batches


class Offline:
    """A handle on the other process; its calls return when the work there is done."""

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self.pid: int = pool.submit(_pid).result()

    def whole_pass(self, texts: Sequence[str], *, tokens: int = 0) -> Pass:
        """Tokenise all texts, then score them in length-sorted batches.

        Args:
            texts: what to score.
            tokens: of a batch, padding included; 0: the batches that the server would make at most.
        """
        return self._pool.submit(_as_served, _whole_pass, texts, tokens).result()

    def best_budget(self, texts: Sequence[str]) -> int:
        """The tokens of a batch with which a pass is fastest: the base of a ratio should be at its best."""
        some = texts[:_TRIED_TEXTS]
        self.whole_pass(some, tokens=BUDGETS[0])
        passes = {tokens: self.whole_pass(some, tokens=tokens).forward_s for tokens in BUDGETS}
        return min(passes, key=passes.__getitem__)

    @property
    def variant(self) -> str:
        """Library and precision that the model runs with."""
        return self._pool.submit(_variant).result()

    def single(self, text: str) -> Single:
        """Tokenise and score one text."""
        return self._pool.submit(_as_served, _single, text).result()

    def labels(self, texts: Sequence[str]) -> list[str]:
        """The most probable class of each text."""
        return self._pool.submit(_as_served, _labels, texts).result()


@contextmanager
def offline(model: Path, **settings: object) -> Iterator[Offline]:
    """The model loaded as a predictor with the given settings loads it."""
    with offline_of(partial(served_classifier, model, settings)) as loaded:
        yield loaded


@contextmanager
def offline_of(load: Callable[[], Scores]) -> Iterator[Offline]:
    """What the function makes in the other process."""
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn, initializer=_load, initargs=(load,)) as pool:
        yield Offline(pool)


def served_classifier(model: Path, settings: Mapping[str, object]) -> Scores:
    """The very object that a predictor with these settings runs."""
    from model_server.app import load_classifier
    from model_server.checkpoint import locate
    from model_server.limits import batch_limits
    from model_server.settings import load_settings

    cache = Path(".cache/bench/models").absolute()
    chosen = load_settings({"model_uri": str(model), "model_cache_dir": cache, **settings})
    classifier = load_classifier(chosen, locate(chosen.model_uri, cache_dir=cache))
    _loaded["limits"] = batch_limits(chosen, gpu=classifier.gpu, packed=classifier.runtime.packs)
    return classifier


_loaded: dict[str, Any] = {}


def _load(load: Callable[[], Scores]) -> None:
    _loaded["scores"] = load()


def _as_served(work: Callable[..., Result], *arguments: object) -> Result:
    # OpenMP spins longer in the thread that loaded the model, and the server scores in another one.
    if "thread" not in _loaded:
        _loaded["thread"] = ThreadPoolExecutor(1, thread_name_prefix="forward")
    thread: ThreadPoolExecutor = _loaded["thread"]
    return thread.submit(work, *arguments).result()


def _variant() -> str:
    return str(getattr(_loaded["scores"], "variant", "torch"))


def _pid() -> int:
    import os

    return os.getpid()


def _whole_pass(texts: Sequence[str], budget: int) -> Pass:
    scores: Scores = _loaded["scores"]
    begun = time.perf_counter()
    tokens = scores.encode(texts)
    encoded, cpu = time.perf_counter(), time.process_time()
    lengths = [len(row) for row in tokens]
    rows, most = _BATCH_TEXTS, budget
    if not budget:
        rows, most = _loaded["limits"].texts, _loaded["limits"].tokens
    for batch in sorted_batches(lengths, texts=rows, tokens=most):
        scores.forward([tokens[i] for i in batch])
    ended = time.perf_counter()
    return Pass(len(texts), encoded - begun, ended - encoded, time.process_time() - cpu)


def _single(text: str) -> Single:
    scores: Scores = _loaded["scores"]
    begun = time.perf_counter()
    tokens = scores.encode([text])
    encoded = time.perf_counter()
    scores.forward(tokens)
    return Single((encoded - begun) * 1e3, (time.perf_counter() - encoded) * 1e3)


def _labels(texts: Sequence[str]) -> list[str]:
    scores: Scores = _loaded["scores"]
    tokens = scores.encode(texts)
    labels = [""] * len(texts)
    for batch in sorted_batches([len(row) for row in tokens], texts=_BATCH_TEXTS, tokens=1024):
        for i, score in zip(batch, scores.forward([tokens[i] for i in batch]), strict=True):
            labels[i] = scores.classes[score.probabilities.index(max(score.probabilities))]
    return labels
