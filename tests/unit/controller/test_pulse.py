from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from controller.cluster.errors import ObjectRejected, TryLater
from controller.handlers.cache import MonitorCache
from controller.handlers.pulse import Identity, Pulse, missed_changes
from controller.manifest import Kind, ObjectKey

KEY = ObjectKey("ml", "sentiment")


def cache_of(**generations: int) -> MonitorCache:
    cache = MonitorCache()
    for name, generation in generations.items():
        metadata = {"uid": f"u-{name}", "generation": generation, "resourceVersion": "1"}
        cache.put(ObjectKey("ml", name), {"metadata": metadata, "spec": {}})
    return cache


def seen(**generations: int) -> dict[ObjectKey, Identity]:
    return {ObjectKey("ml", name): Identity(f"u-{name}", each) for name, each in generations.items()}


def test_a_watch_that_told_all_is_alive() -> None:
    assert missed_changes(cache_of(a=2), before=seen(a=2), now=seen(a=3)) == ()
    assert missed_changes(cache_of(a=1), before={}, now=seen(a=1)) == ()


def test_a_change_or_deletion_that_was_not_told_is_missed() -> None:
    a = (ObjectKey("ml", "a"),)

    assert missed_changes(cache_of(a=1), before=seen(a=2), now=seen(a=2)) == a
    assert missed_changes(MonitorCache(), before=seen(a=1), now=seen(a=1)) == a
    assert missed_changes(cache_of(a=1), before={}, now={}) == a


def test_what_came_and_went_between_two_looks_is_not_missed() -> None:
    assert missed_changes(MonitorCache(), before=seen(a=1), now={}) == ()


class Lister:
    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)

    async def generations(self, _kind: Kind, _namespace: str | None) -> Mapping[ObjectKey, tuple[str, int]]:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_an_api_server_that_is_away_is_no_dead_watch() -> None:
    newer = {ObjectKey("ml", "a"): ("u-a", 9)}
    lister = Lister(newer, TryLater("away"), newer, newer)
    pulse = Pulse(cache_of(a=1), lister, namespaces=("ml",), interval_s=60)

    alive = []
    for _ in range(4):
        asyncio.run(pulse.look())
        alive.append(pulse.alive)

    assert alive == [True, True, True, False]


def test_whoever_may_no_longer_look_is_not_alive_until_he_may() -> None:
    as_known = {ObjectKey("ml", "a"): ("u-a", 1)}
    lister = Lister(ObjectRejected("403: forbidden"), as_known)
    pulse = Pulse(cache_of(a=1), lister, namespaces=("ml",), interval_s=60)

    asyncio.run(pulse.look())
    assert not pulse.alive
    asyncio.run(pulse.look())
    assert pulse.alive


def test_the_deletion_of_all_monitors_is_missed_too() -> None:
    pulse = Pulse(cache_of(a=1), Lister({}, {}), namespaces=("ml",), interval_s=60)

    asyncio.run(pulse.look())
    asyncio.run(pulse.look())

    assert not pulse.alive
