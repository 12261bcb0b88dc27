from __future__ import annotations

import asyncio

import pytest

from controller.manifest import ObjectKey
from controller.work_queue import LONGEST_RETRY_S, WorkQueue

A, B = ObjectKey("ml", "a"), ObjectKey("ml", "b")


def run(scenario: object) -> None:
    asyncio.run(asyncio.wait_for(scenario, timeout=5))


def test_a_key_waits_once_however_often_it_is_added() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        for key in (A, A, B, A):
            queue.add(key)

        assert [await queue.take(), await queue.take()] == [A, B]
        assert len(queue) == 0

    run(scenario())


def test_a_change_during_the_work_is_worked_on_afterwards() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        queue.add(A)
        key = await queue.take()
        queue.add(A)
        assert queue._ready.empty(), "nobody else may work on it meanwhile"

        queue.done(key)

        assert await queue.take() == A

    run(scenario())


def test_failures_in_a_row_wait_longer_and_longer_up_to_a_limit() -> None:
    async def scenario() -> None:
        queue = WorkQueue()

        delays = [queue.add_after_failure(A) for _ in range(12)]

        assert delays[:5] == [1, 2, 4, 8, 16]
        assert delays[-1] == LONGEST_RETRY_S
        queue.succeeded(A)
        assert queue.add_after_failure(A) == 1

    run(scenario())


def test_the_api_server_may_ask_for_a_longer_delay() -> None:
    async def scenario() -> None:
        assert WorkQueue().add_after_failure(A, at_least_s=17) == 17

    run(scenario())


def test_a_key_that_is_added_now_is_not_due_later_too() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        queue.add_later(A, delay_s=0.01)
        queue.add(A)
        await queue.take()
        queue.done(A)

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.take(), timeout=0.1)

    run(scenario())


def test_a_forgotten_key_is_not_due() -> None:
    async def scenario() -> None:
        queue = WorkQueue()
        queue.add_later(A, delay_s=0.01)
        queue.forget(A)

        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.take(), timeout=0.1)

    run(scenario())


def test_what_is_waited_for_is_looked_at_less_and_less_often_until_it_comes() -> None:
    async def delays() -> list[float]:
        queue = WorkQueue()
        waits = [queue.add_recheck(A, first_s=30, longest_s=200) for _ in range(5)]
        queue.settled(A)
        return [*waits, queue.add_recheck(A, first_s=30, longest_s=200)]

    assert asyncio.run(delays()) == [30, 60, 120, 200, 200, 30]
