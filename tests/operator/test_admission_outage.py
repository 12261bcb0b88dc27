"""The admission webhook beside an API server that takes requests and never answers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from controller.handlers.surroundings import NoCluster, Scout, connect
from controller.handlers.webhook import answer
from tests.operator.proxy import Proxy


class Hanging(Proxy):
    """Passes requests on until it hangs."""

    hangs = False

    async def _pass_on(self, request: web.Request, *more: Any) -> web.StreamResponse:
        if self.hangs:
            await asyncio.sleep(60)
        return await super()._pass_on(request, *more)


@pytest.fixture
def hanging(namespace: Any, kubeconfig: Path, point_at: Callable[..., None]) -> Iterator[Hanging]:
    proxy = Hanging(str(namespace.http.base_url), lambda *_: None)
    point_at(kubeconfig, server=f"http://127.0.0.1:{proxy.port}")
    yield proxy
    proxy.close()


def review(scout: Scout, monitor: dict[str, Any], namespace: str) -> Any:
    asked = {"uid": "1", "operation": "CREATE", "object": monitor, "namespace": namespace}
    return answer(asked, scout=scout, now=datetime.now(UTC))


def test_reviews_are_answered_in_time_and_no_read_outlives_them_for_long(
    namespace: Any, hanging: Hanging, monitor: dict[str, Any]
) -> None:
    scout, threads = Scout(connect()), threading.active_count()
    asyncio.run(review(scout, monitor, namespace.name))

    async def many() -> tuple[list[Any], float]:
        began = time.monotonic()
        answers = await asyncio.gather(*(review(scout, monitor, namespace.name) for _ in range(20)))
        return answers, time.monotonic() - began

    hanging.hangs = True
    answers, took_s = asyncio.run(many())

    assert all(each["allowed"] for each in answers)
    assert took_s < 4
    namespace.wait(lambda: threading.active_count() <= threads, why="the reads give up")


def test_an_api_server_that_does_not_answer_at_the_start_is_told_of(hanging: Hanging) -> None:
    hanging.hangs = True

    with pytest.raises(NoCluster, match="does not answer"):
        connect()
