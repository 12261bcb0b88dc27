"""Whatever arrives whenever, each request gets its own answer and nobody else's failure."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_server.batch_plan import BatchLimits
from model_server.batching import Batcher, QueueLimits
from model_server.cores import NICENESS, give_way
from model_server.errors import NotReady, Overloaded, Stopping

LIMITS = BatchLimits(texts=4, tokens=128, fixed_tokens=1000)


class Squares:
    """An engine that squares numbers, fails on negative ones, and can be held up."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.recorded: list[int] = []
        self.gate = threading.Event()
        self.running = threading.Event()
        self.gate.set()

    def weight(self, item: int) -> int:
        return abs(item)

    def prepare(self, items: Sequence[int]) -> Sequence[int]:
        return items

    def length(self, ready: int) -> int:
        return abs(ready) % 30 + 1

    def forward(self, batch: Sequence[int]) -> Sequence[int]:
        self.running.set()
        self.gate.wait(10)
        if any(number < 0 for number in batch):
            raise ValueError("negative")
        self.batches.append(list(batch))
        return [number * number for number in batch]

    def record(self, items: Sequence[int], results: Sequence[int]) -> None:
        assert [item * item for item in items] == list(results)
        self.recorded += items


Use = Callable[[Batcher[int, int, int]], Awaitable[object]]


def run(use: Use, engine: Squares, *, texts: int = 1000, tokens: int = 10_000) -> object:
    async def running() -> object:
        batcher = Batcher(engine, limits=LIMITS, queue=QueueLimits(texts=texts, tokens=tokens))
        batcher.start()
        try:
            return await use(batcher)
        finally:
            engine.gate.set()
            await asyncio.to_thread(batcher.close, 10)

    return asyncio.run(running())


@given(
    requests=st.lists(
        st.tuples(st.lists(st.integers(-3, 50), min_size=1, max_size=6), st.integers(0, 2)), max_size=12
    )
)
def test_each_request_gets_its_own_answer_in_any_pattern_of_arrivals(
    requests: list[tuple[list[int], int]],
) -> None:
    engine = Squares()

    async def ask(batcher: Batcher[int, int, int], numbers: list[int], pauses: int) -> list[int | str]:
        for _ in range(pauses):
            await asyncio.sleep(0)
        answers = await asyncio.gather(*batcher.submit(numbers), return_exceptions=True)
        return [str(answer) if isinstance(answer, BaseException) else answer for answer in answers]

    async def all_of_them(batcher: Batcher[int, int, int]) -> object:
        return await asyncio.gather(*(ask(batcher, numbers, pauses) for numbers, pauses in requests))

    expected = [["negative" if n < 0 else n * n for n in numbers] for numbers, _ in requests]
    assert run(all_of_them, engine) == expected
    assert sorted(engine.recorded) == sorted(n for numbers, _ in requests for n in numbers if n >= 0)


def test_requests_that_arrive_during_a_forward_pass_share_the_next_one() -> None:
    engine = Squares()
    engine.gate.clear()

    async def use(batcher: Batcher[int, int, int]) -> object:
        first = batcher.submit([1])
        await asyncio.to_thread(engine.running.wait, 10)
        others = [batcher.submit([number]) for number in (2, 3, 4)]
        engine.gate.set()
        return await asyncio.gather(*first, *(future for futures in others for future in futures))

    assert run(use, engine) == [1, 4, 9, 16]
    assert [sorted(batch) for batch in engine.batches] == [[1], [2, 3, 4]]


def test_a_cancelled_request_is_not_computed() -> None:
    engine = Squares()
    engine.gate.clear()

    async def use(batcher: Batcher[int, int, int]) -> object:
        first = batcher.submit([1])
        await asyncio.to_thread(engine.running.wait, 10)
        [cancelled], kept = batcher.submit([7]), batcher.submit([8])
        cancelled.cancel()
        engine.gate.set()
        return await asyncio.gather(*first, *kept)

    assert run(use, engine) == [1, 64]
    assert engine.recorded == [1, 8]


def test_a_full_queue_refuses_a_request_whole_and_keeps_those_that_wait() -> None:
    engine = Squares()
    engine.gate.clear()

    async def use(batcher: Batcher[int, int, int]) -> object:
        first = batcher.submit([1])
        await asyncio.to_thread(engine.running.wait, 10)
        waiting = batcher.submit([2, 3])
        with pytest.raises(Overloaded, match="2 texts wait already"):
            batcher.submit([4, 5])
        engine.gate.set()
        return await asyncio.gather(*first, *waiting)

    assert run(use, engine, texts=3) == [1, 4, 9]
    assert sorted(engine.recorded) == [1, 2, 3]


def test_a_queue_full_of_long_texts_refuses_more_of_them() -> None:
    engine = Squares()
    engine.gate.clear()

    async def use(batcher: Batcher[int, int, int]) -> object:
        first = batcher.submit([1])
        await asyncio.to_thread(engine.running.wait, 10)
        waiting = batcher.submit([30])
        with pytest.raises(Overloaded, match="1 texts wait already") as refusal:
            batcher.submit([31])
        short = batcher.submit([5])
        engine.gate.set()
        return refusal.value.retry_after_s, await asyncio.gather(*first, *waiting, *short)

    assert run(use, engine, tokens=60) == (1, [1, 900, 25])


def test_a_request_larger_than_the_queue_is_answered_when_nobody_waits() -> None:
    async def use(batcher: Batcher[int, int, int]) -> object:
        return await asyncio.gather(*batcher.submit([1, 2, 3, 4, 5]))

    assert run(use, Squares(), texts=2) == [1, 4, 9, 16, 25]


def test_closing_answers_what_waits_and_refuses_newcomers() -> None:
    engine = Squares()

    async def use(batcher: Batcher[int, int, int]) -> object:
        waiting = batcher.submit([1, 2, 3, 4, 5, 6])
        await asyncio.to_thread(batcher.close, 10)
        with pytest.raises(Stopping):
            batcher.submit([7])
        return await asyncio.gather(*waiting)

    assert run(use, engine) == [1, 4, 9, 16, 25, 36]


def test_an_answer_that_could_not_be_recorded_is_not_given() -> None:
    class FullDisk(Squares):
        def record(self, items: Sequence[int], results: Sequence[int]) -> None:
            raise OSError("no space left")

    async def use(batcher: Batcher[int, int, int]) -> object:
        return await asyncio.gather(*batcher.submit([1, 2]), return_exceptions=True)

    assert [str(answer) for answer in run(use, FullDisk())] == ["no space left"] * 2  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_forward_thread_fails_those_that_wait_and_is_not_alive() -> None:
    class Dying(Squares):
        def length(self, ready: int) -> int:
            raise SystemError

    async def use(batcher: Batcher[int, int, int]) -> object:
        answers = await asyncio.gather(*batcher.submit([1]), return_exceptions=True)
        await asyncio.to_thread(batcher.close, 10)
        return [type(answer) for answer in answers], batcher.alive

    assert run(use, Dying()) == ([NotReady], False)


def test_the_forward_thread_leaves_the_cores_to_the_thread_that_answers() -> None:
    class Niceness(Squares):
        def forward(self, batch: Sequence[int]) -> Sequence[int]:
            self.niceness = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
            return super().forward(batch)

    engine = Niceness()
    run(lambda batcher: batcher.submit([3])[0], engine)

    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert engine.niceness == min(19, here + NICENESS)


def test_a_thread_started_by_one_that_gives_way_does_not_fall_further_behind() -> None:
    found = []

    def child() -> None:
        give_way()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def parent() -> None:
        give_way()
        started = threading.Thread(target=child)
        started.start()
        started.join()

    outer = threading.Thread(target=parent)
    outer.start()
    outer.join()

    assert found == [min(19, os.getpriority(os.PRIO_PROCESS, os.getpid()) + NICENESS)]
