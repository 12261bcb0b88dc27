"""What a worker does after a reconcile: try again, look again, or forget."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from controller.cluster.capabilities import CapabilityProbe
from controller.cluster.errors import ObjectMissing, TryLater
from controller.cluster.sightings import Sightings
from controller.handlers.cache import MonitorCache
from controller.handlers.worker import Worker
from controller.manifest import ObjectKey
from controller.reconcile import Reconciled
from controller.telemetry import Telemetry
from controller.work_queue import WorkQueue

A, B = ObjectKey("ml", "a"), ObjectKey("ml", "b")
DONE = Reconciled(gauges=())


class Nothing:
    """An API server without optional kinds."""

    async def served(self, _path: str) -> frozenset[str]:
        return frozenset()


class Scripted:
    """A reconciler that does what the test says, monitor by monitor."""

    def __init__(self, cache: MonitorCache, **answers: Any) -> None:
        self._cache = cache
        self._answers = {ObjectKey("ml", name): list(answer) for name, answer in answers.items()}
        self.asked: list[str] = []

    async def reconcile(self, body: Mapping[str, Any], **_: Any) -> Reconciled:
        key = ObjectKey("ml", body["metadata"]["name"])
        self.asked.append(key.name)
        answer = self._answers[key].pop(0)
        if answer is GONE_MEANWHILE:
            self._cache.drop(key)
            answer = TryLater("no answer")
        if isinstance(answer, Exception):
            raise answer
        return answer


GONE_MEANWHILE = object()


class World:
    def __init__(self, **answers: Any) -> None:
        self.cache, self.queue, self.telemetry = MonitorCache(), WorkQueue(), Telemetry()
        for name in answers:
            metadata = {"name": name, "namespace": "ml", "uid": f"u-{name}", "resourceVersion": "1"}
            self.cache.put(ObjectKey("ml", name), {"metadata": metadata, "spec": {}})
        self.reconciler = Scripted(self.cache, **answers)
        self.worker = Worker(
            reconciler=self.reconciler,  # type: ignore[arg-type]
            probe=CapabilityProbe(Nothing()),
            cache=self.cache,
            queue=self.queue,
            sightings=Sightings(),
            telemetry=self.telemetry,
            resync_s=600,
            recheck_s=30,
        )

    async def work(self, *names: str, seconds: float = 0.2) -> None:
        for name in names:
            self.queue.add(ObjectKey("ml", name))
        working = asyncio.create_task(self.worker.run())
        await asyncio.sleep(seconds)
        working.cancel()

    def errors(self) -> list[str]:
        (family,) = [
            each for each in self.telemetry.registry.collect() if each.name.endswith("reconcile_errors")
        ]
        counts = [each for each in family.samples if each.name.endswith("_total")]
        return [each.labels["modelmonitor"] for each in counts if each.value > 0]


def test_when_the_api_server_is_back_nobody_waits_for_the_end_of_his_pause() -> None:
    world = World(a=[TryLater("away"), DONE], b=[TryLater("away")] * 4 + [DONE])

    async def outage() -> None:
        for _ in range(3):
            world.queue.add_after_failure(B)  # so that its next pause is of eight seconds
        await world.work("b", "a", seconds=0.1)
        await world.work("a")

    asyncio.run(outage())

    assert world.reconciler.asked == ["b", "a", "a", "b"]


def test_who_was_asked_to_wait_waits_whoever_else_is_answered() -> None:
    world = World(a=[DONE, DONE], b=[TryLater("too many requests", after_s=5.0)])

    asyncio.run(world.work("b", "a"))

    assert world.reconciler.asked == ["b", "a"]


def test_an_object_that_is_missing_is_a_failure_that_is_told(caplog: pytest.LogCaptureFixture) -> None:
    world = World(a=[ObjectMissing("The API server answered 404: no such kind")])

    asyncio.run(world.work("a"))

    (record,) = [each for each in caplog.records if each.getMessage() == "reconcile_failed"]
    assert vars(record)["failures"] == ["The API server answered 404: no such kind"]
    assert world.errors() == ["a"]


def test_what_somebody_changes_back_is_tried_when_its_time_comes_however_often_it_failed() -> None:
    fought_over = Reconciled(gauges=(), failures=("CronJob a: changed back",), retry_s=0.05)
    world = World(a=[fought_over, fought_over, DONE])

    async def fight() -> None:
        for _ in range(3):
            world.queue.add_after_failure(A)  # so that its next pause is of eight seconds
        await world.work("a", seconds=0.3)

    asyncio.run(fight())

    assert world.reconciler.asked == ["a", "a", "a"]


def test_a_monitor_that_was_deleted_while_it_failed_leaves_nothing() -> None:
    world = World(a=[GONE_MEANWHILE])

    asyncio.run(world.work("a"))

    assert world.errors() == []
    assert asyncio.run(next_pause(world.queue, A)) == 1.0


async def next_pause(queue: WorkQueue, key: ObjectKey) -> float:
    return queue.add_after_failure(key)
