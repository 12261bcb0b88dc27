"""What is logged of a request: all of its texts once all are predicted, or nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest

from model_server.admission import TextLimits
from model_server.batch_plan import BatchLimits
from model_server.batching import QueueLimits
from model_server.engine import ForwardEngine, Recorder, RowPolicy
from model_server.errors import InferenceFailed, LogUnavailable
from model_server.predictor import Predictor, ServedModel
from model_server.score import Score
from modelmonitor.store.errors import SpoolFull
from modelmonitor.store.records import Prediction

POLICY = RowPolicy("sentiment", "sentiment", "7", ("NEGATIVE", "POSITIVE"), "store", True, "refuse")


class Model:
    """Fails on the text "poison"; can be held up before a forward pass."""

    max_tokens = 512

    def __init__(self) -> None:
        self.seen: list[list[str]] = []
        self.gate = threading.Event()
        self.running = threading.Event()
        self.gate.set()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [[ord(letter) for letter in text] for text in texts]

    def forward(self, token_ids: Sequence[Sequence[int]]) -> list[Score]:
        texts = ["".join(map(chr, ids)) for ids in token_ids]
        self.running.set()
        self.gate.wait(10)
        if "poison" in texts:
            raise ValueError("poison")
        self.seen.append(texts)
        return [Score((0.25, 0.75), None) for _ in texts]


class Appends:
    """A log that keeps each append apart, and refuses when told to."""

    def __init__(self) -> None:
        self.appends: list[list[str | None]] = []
        self.full = False

    def append(self, predictions: Sequence[Prediction]) -> None:
        if self.full:
            raise SpoolFull("full")
        self.appends.append([row.input_text for row in predictions])

    def close(self, timeout_s: float) -> None:
        pass


class Counted:
    def __init__(self) -> None:
        self.predictions = 0

    def predicted(self, sentiment: str, *, confidence: float, seconds: float) -> None:
        self.predictions += 1


class Bench:
    """A predictor with everything real but model and log."""

    def __init__(self) -> None:
        self.model, self.log, self.counts = Model(), Appends(), Counted()
        self.predictor = Predictor(
            ForwardEngine(self.model, Recorder(self.log, self.counts, POLICY)),
            model=ServedModel("sentiment", "7", POLICY.classes),
            texts=TextLimits(chars=1000, texts=100),
            batches=BatchLimits(texts=2, tokens=1000, fixed_tokens=32),
            queue=QueueLimits(texts=100, tokens=10_000),
        )

    def run(self, use: Callable[[Predictor], Awaitable[object]]) -> None:
        async def running() -> None:
            self.predictor.start()
            try:
                await use(self.predictor)
            finally:
                self.model.gate.set()
                await asyncio.to_thread(self.predictor.close, 10)

        asyncio.run(running())

    @property
    def logged(self) -> tuple[list[list[str | None]], int]:
        return self.log.appends, self.counts.predictions


def test_the_rows_of_a_request_are_logged_together_although_its_texts_ran_apart() -> None:
    bench = Bench()
    bench.run(lambda predictor: predictor.predict(["a", "b", "c", "d", "e"], source="v1"))

    assert [len(batch) for batch in bench.model.seen] == [2, 2, 1]
    assert bench.logged == ([["a", "b", "c", "d", "e"]], 5)


def test_nothing_is_logged_of_a_request_of_which_one_text_fails() -> None:
    async def ask(predictor: Predictor) -> None:
        failing = predictor.predict(["a", "b", "poison", "c"], source="v1")
        whole = predictor.predict(["d", "e"], source="v1")
        failed, answered = await asyncio.gather(failing, whole, return_exceptions=True)
        assert isinstance(failed, InferenceFailed)
        assert "nothing of the request was logged" in str(failed)
        assert isinstance(answered, list)

    bench = Bench()
    bench.run(ask)

    [rows], counted = bench.logged
    assert (sorted(map(str, rows)), counted) == (["d", "e"], 2)


def test_texts_of_a_client_that_has_gone_are_neither_forwarded_nor_logged() -> None:
    bench = Bench()

    async def ask(predictor: Predictor) -> None:
        bench.model.gate.clear()
        first = asyncio.create_task(predictor.predict(["first"], source="predict"))
        await asyncio.to_thread(bench.model.running.wait, 10)
        gone = asyncio.create_task(predictor.predict(["x", "y"], source="v1"))
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        bench.model.gate.set()
        await first

    bench.run(ask)

    assert bench.model.seen == [["first"]]
    assert bench.logged == ([["first"]], 1)


def test_a_request_cancelled_half_way_leaves_no_rows() -> None:
    bench = Bench()

    async def ask(predictor: Predictor) -> None:
        bench.model.gate.clear()
        half = asyncio.create_task(predictor.predict(["a", "b", "c", "d"], source="v1"))
        await asyncio.to_thread(bench.model.running.wait, 10)
        half.cancel()
        await asyncio.gather(half, return_exceptions=True)
        bench.model.gate.set()

    bench.run(ask)

    assert bench.model.seen == [["a", "b"]]
    assert bench.logged == ([], 0)


def test_a_request_that_cannot_be_logged_is_refused_and_not_counted() -> None:
    bench = Bench()
    bench.log.full = True

    async def ask(predictor: Predictor) -> None:
        with pytest.raises(LogUnavailable):
            await predictor.predict(["a"], source="predict")

    bench.run(ask)

    assert bench.logged == ([], 0)


def test_reference_texts_are_scored_without_a_row() -> None:
    bench = Bench()
    bench.run(lambda predictor: predictor.score(["a", "b", "c"]))

    assert bench.logged == ([], 0)
