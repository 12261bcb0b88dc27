"""Which Deployments make monitors due, and that an autoscaler that never rests does not keep them at it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from controller.cluster.watch import Change
from controller.handlers.cache import MonitorCache
from controller.handlers.scaling import ScaleWatch
from controller.manifest import DEPLOYMENT, ObjectKey
from controller.work_queue import WorkQueue

OF_PODS, OF_SERVICE = ObjectKey("ml", "pods"), ObjectKey("ml", "service")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("controller.handlers.scaling._GATHER_S", 0.02)
    monkeypatch.setattr("controller.handlers.scaling._APART_S", 0.1)


def watch() -> tuple[ScaleWatch, WorkQueue]:
    cache, queue = MonitorCache(), WorkQueue()
    for key, target in ((OF_PODS, {}), (OF_SERVICE, {"inferenceService": "sentiment"})):
        metadata = {"namespace": key.namespace, "name": key.name, "resourceVersion": "1"}
        cache.put(key, {"metadata": metadata, "spec": {"target": target}})
    return ScaleWatch(cache, queue), queue


def deployment(generation: int, *, name: str = "model", service: str = "") -> dict[str, Any]:
    labels = {"serving.kserve.io/inferenceservice": service} if service else {}
    return {"namespace": "ml", "name": name, "generation": generation, "labels": labels}


def scaled(watched: ScaleWatch, *generations: int, **of: str) -> None:
    for generation in generations:
        watched.changed(DEPLOYMENT, Change("MODIFIED", "1", deployment(generation, **of)))


async def due(queue: WorkQueue, *, within_s: float) -> list[ObjectKey]:
    await asyncio.sleep(within_s)
    found = []
    while len(queue):
        found.append(await queue.take())
        queue.done(found[-1])
    return found


def test_many_scalings_in_a_row_are_one_look() -> None:
    async def scenario() -> None:
        watched, queue = watch()
        scaled(watched, *range(1, 31))
        scaled(watched, *range(1, 31), name="other")

        assert await due(queue, within_s=0.05) == [OF_PODS]
        assert await due(queue, within_s=0.2) == []

    asyncio.run(scenario())


def test_a_scaling_right_after_a_look_waits_and_is_not_lost() -> None:
    async def scenario() -> None:
        watched, queue = watch()
        scaled(watched, 1)
        assert await due(queue, within_s=0.05) == [OF_PODS]
        scaled(watched, 2)

        assert await due(queue, within_s=0.05) == []
        assert await due(queue, within_s=0.1) == [OF_PODS]

    asyncio.run(scenario())


def test_one_of_an_inference_service_concerns_nobody_else() -> None:
    async def scenario() -> None:
        watched, queue = watch()
        scaled(watched, 1, service="sentiment")

        assert await due(queue, within_s=0.05) == [OF_SERVICE]

    asyncio.run(scenario())


def test_a_change_of_its_status_concerns_nobody() -> None:
    async def scenario() -> None:
        watched, queue = watch()
        watched.listed(DEPLOYMENT, None, [deployment(1)])
        assert await due(queue, within_s=0) == [OF_PODS], "at the start all are told of together"
        scaled(watched, 1, 1)

        assert await due(queue, within_s=0.2) == []

    asyncio.run(scenario())


def test_a_monitor_that_waits_after_a_failure_goes_on_waiting() -> None:
    async def scenario() -> None:
        watched, queue = watch()
        queue.add_after_failure(OF_PODS, at_least_s=60)
        scaled(watched, 1)

        assert await due(queue, within_s=0.05) == []
        assert OF_PODS in queue._later

        queue.succeeded(OF_PODS)
        scaled(watched, 2)
        assert await due(queue, within_s=0.2) == [OF_PODS]

    asyncio.run(scenario())
