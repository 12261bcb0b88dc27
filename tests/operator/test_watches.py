"""Watches that are cut, refused or too old, and a kind that is served only later."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from tests.operator.proxy import Proxy

Start = Callable[..., Any]
TOO_OLD = {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}
DEFINITION = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/inferenceservices.serving.kserve.io"


class Watched(Proxy):
    """Does something to watches of CronJobs while it is told to, and counts them and the lists."""

    def __init__(self, server: str) -> None:
        self.answer: Callable[[web.Request], Any] | None = None
        self.lists: list[float] = []
        self.watches: list[float] = []
        super().__init__(server, lambda *_: None)

    async def _pass_on(self, request: web.Request, session: aiohttp.ClientSession, trust: Any) -> Any:
        of_following = request.path.endswith("/cronjobs") and "labelSelector" in request.query
        if of_following and request.query.get("watch") == "true":
            self.watches.append(time.monotonic())
            if self.answer is not None and (answered := await self.answer(request)) is not None:
                return answered
        elif of_following and "limit" in request.query:
            self.lists.append(time.monotonic())
        return await super()._pass_on(request, session, trust)


async def as_status(_: web.Request) -> web.Response:
    return web.json_response(TOO_OLD, status=410)


async def as_event(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(json.dumps({"type": "ERROR", "object": TOO_OLD}).encode() + b"\n")
    return response


async def at_its_end(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    return response


async def cut_after_a_second(request: web.Request) -> None:
    asyncio.get_running_loop().call_later(1, lambda: request.transport and request.transport.abort())


def apart(moments: list[float]) -> list[float]:
    return [after - before for before, after in itertools.pairwise(moments)]


@pytest.fixture
def between(namespace: Any, kubeconfig: Any, point_at: Any) -> Iterator[Watched]:
    proxy = Watched(str(namespace.http.base_url))
    point_at(kubeconfig, server=f"http://127.0.0.1:{proxy.port}")
    yield proxy
    proxy.close()


@pytest.mark.parametrize("answer", [as_status, as_event])
def test_a_version_that_is_too_old_is_listed_anew_without_haste(
    namespace: Any,
    between: Watched,
    start_operator: Start,
    monitor: dict[str, Any],
    prometheus_operator: None,
    answer: Callable[[web.Request], Any],
) -> None:
    between.answer = answer
    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    namespace.wait(lambda: len(between.lists) >= 3, why="it lists again and again")

    gaps = apart(between.lists)
    assert all(gap >= 2**number for number, gap in enumerate(gaps)), gaps

    between.answer = None
    known = len(between.watches)
    namespace.wait(lambda: len(between.watches) > known, why="it watches again")
    namespace.delete("CronJob", "sentiment-data")
    namespace.wait(lambda: namespace.find("CronJob", "sentiment-data"), why="it is made again")
    operator.stop()


def test_a_watch_that_ends_as_soon_as_it_begins_is_not_begun_in_haste(
    between: Watched, namespace: Any, start_operator: Start
) -> None:
    between.answer = at_its_end
    operator = start_operator()

    namespace.wait(lambda: len(between.watches) >= 3, why="it watches again and again")

    gaps = apart(between.watches)
    assert all(gap >= 2**number for number, gap in enumerate(gaps)), gaps
    operator.stop()


def test_a_connection_that_is_cut_regularly_is_taken_up_at_once_each_time(
    namespace: Any, between: Watched, start_operator: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("controller.handlers.follow._LASTED_S", 0.5)
    monkeypatch.setattr("controller.handlers.follow._FIRST_PAUSE_S", 0.1)
    between.answer = cut_after_a_second
    operator = start_operator()

    namespace.wait(lambda: len(between.watches) >= 7, why="it watches again and again")

    assert max(apart(between.watches)) < 2
    assert len(between.lists) == 1, "what was told before is still known"
    operator.stop()


def test_kserve_may_come_later_where_only_one_namespace_is_looked_after(
    namespace: Any,
    start_operator: Start,
    monitor: dict[str, Any],
    install: Any,
    http: Any,
) -> None:
    definition = http.get(DEFINITION).json()
    http.delete(DEFINITION).raise_for_status()
    namespace.wait(lambda: http.get(DEFINITION).status_code == 404, why="KServe is gone")
    try:
        start_operator(collector_url="http://collector.monitoring.svc")
        monitor["spec"]["target"] = {"inferenceService": "sentiment", "capture": "logger"}
        namespace.create("ModelMonitor", monitor)
        condition = namespace.wait_for_condition("sentiment", "TargetReachable", "False")
        assert "KServe is not installed" in condition["message"]
    finally:
        again = {
            "apiVersion": definition["apiVersion"],
            "kind": definition["kind"],
            "metadata": {"name": definition["metadata"]["name"]},
            "spec": definition["spec"],
        }
        install(json.dumps(again), served="serving.kserve.io/v1beta1/inferenceservices")
    service = {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": "sentiment"},
        "spec": {"predictor": {"model": {}}},
    }
    namespace.create("InferenceService", service)
    namespace.wait_for_condition("sentiment", "CaptureReady", "True")

    namespace.delete("ModelMonitor", "sentiment")

    namespace.wait(
        lambda: namespace.get("InferenceService", "sentiment")["spec"] == service["spec"],
        why="its logger is taken back",
    )


def test_the_number_of_monitors_falls_with_the_last_of_them(
    namespace: Any, start_operator: Start, monitor: dict[str, Any]
) -> None:
    def told() -> list[str]:
        return [
            line for line in operator.metrics().splitlines() if line.startswith("modelmonitor_operator_mon")
        ]

    operator = start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait(lambda: told() == ["modelmonitor_operator_monitors 1.0"], why="it is counted")

    namespace.delete("ModelMonitor", "sentiment")

    namespace.wait(lambda: told() == ["modelmonitor_operator_monitors 0.0"], why="it is not counted")
