"""What an API server in trouble answers: too many requests, conflicts, failures of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiohttp import web

from tests.operator.proxy import Proxy, Trouble


@pytest.fixture
def behind(
    namespace: Any, start_operator: Callable[..., Any], kubeconfig: Any, point_at: Any
) -> Iterator[Callable[[Trouble], Any]]:
    """Starts an operator whose API server is in trouble."""
    proxies: list[Proxy] = []
    operators: list[Any] = []

    def start(trouble: Trouble) -> Any:
        proxies.append(Proxy(str(namespace.http.base_url), trouble))
        point_at(kubeconfig, server=f"http://127.0.0.1:{proxies[-1].port}")
        operators.append(start_operator())
        return operators[-1]

    yield start
    for operator in operators:
        operator.stop()
    for proxy in proxies:
        proxy.close()


def answers(
    status: int, times: int, *, on: Callable[[str, str], bool], after: str = ""
) -> tuple[Trouble, Any]:
    """A trouble that answers so often with a status, and the requests that met it."""
    met: list[str] = []

    def trouble(verb: str, path: str) -> web.Response | None:
        if len(met) >= times or not on(verb, path):
            return None
        met.append(f"{verb} {path}")
        headers = {"Retry-After": after} if after else {}
        return web.json_response({"kind": "Status", "message": "because"}, status=status, headers=headers)

    return trouble, met


def is_status(verb: str, path: str) -> bool:
    return verb == "PATCH" and path.endswith("/modelmonitors/sentiment/status")


def is_apply(verb: str, path: str) -> bool:
    return verb == "PATCH" and not path.endswith("/status")


def failing(operator: Any, namespace: Any) -> list[str]:
    """Whether the newest reconcile failed, as the operator's gauge says it of the monitor."""
    series = (
        f'modelmonitor_operator_reconcile_failing{{modelmonitor="sentiment",namespace="{namespace.name}"}} '
    )
    return [line.removeprefix(series) for line in operator.metrics().splitlines() if line.startswith(series)]


@pytest.mark.parametrize(
    ("status", "on"),
    [
        pytest.param(429, is_apply, id="too many requests"),
        pytest.param(429, is_status, id="too many requests for the status"),
        pytest.param(409, is_status, id="a conflict on the status"),
        pytest.param(503, is_apply, id="unavailable"),
        pytest.param(500, lambda verb, path: verb == "GET" and path.endswith("/pods"), id="a failed look"),
    ],
)
def test_it_is_tried_again_until_it_is_done(
    namespace: Any,
    behind: Callable[[Trouble], Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    status: int,
    on: Callable[[str, str], bool],
) -> None:
    trouble, met = answers(status, 3, on=on)
    operator = behind(trouble)
    namespace.create("ModelMonitor", monitor)

    namespace.wait_for_condition("sentiment", "Ready", "True")

    children = namespace.get("ModelMonitor", "sentiment")["status"]["children"]
    assert all(namespace.find(child["kind"], child["name"]) for child in children)
    assert len(met) == 3
    failed = f'reconcile_errors_total{{modelmonitor="sentiment",namespace="{namespace.name}"}}'
    namespace.wait(lambda: failed in operator.metrics(), why="the failures are counted")
    namespace.wait(lambda: failing(operator, namespace) == ["0.0"], why="no reconcile fails any more")


def test_a_monitor_fails_until_it_is_deleted(
    namespace: Any, behind: Callable[[Trouble], Any], monitor: dict[str, Any], prometheus_operator: None
) -> None:
    trouble, _ = answers(503, 1000, on=is_status)
    operator = behind(trouble)
    namespace.create("ModelMonitor", monitor)
    namespace.wait(lambda: failing(operator, namespace) == ["1.0"], why="the monitor fails")

    namespace.delete("ModelMonitor", "sentiment")

    namespace.wait(lambda: failing(operator, namespace) == [], why="it is forgotten")


def test_a_server_that_asks_for_a_pause_gets_it(
    namespace: Any, behind: Callable[[Trouble], Any], monitor: dict[str, Any], prometheus_operator: None
) -> None:
    trouble, met = answers(429, 1000, on=is_apply, after="3600")
    operator = behind(trouble)
    namespace.create("ModelMonitor", monitor)
    namespace.wait(lambda: met, why="the first apply is refused")
    namespace.wait(lambda: operator.reconciles() >= 1, why="it is given up for now")

    # A result of a job would make it due at once; nothing else does.
    assert len(met) == 1


def test_an_object_that_another_refuses_to_leave_does_not_keep_the_others_waiting(
    namespace: Any, behind: Callable[[Trouble], Any], monitor: dict[str, Any], prometheus_operator: None
) -> None:
    trouble, met = answers(
        409, 2, on=lambda verb, path: verb == "PATCH" and path.endswith("/cronjobs/sentiment-data")
    )
    behind(trouble)
    namespace.create("ModelMonitor", monitor)

    condition = namespace.wait_for_condition("sentiment", "Ready", "False")
    assert condition["reason"] == "ApplyFailed"
    assert namespace.find("CronJob", "sentiment-concept") is not None

    namespace.wait_for_condition("sentiment", "Ready", "True")
    assert len(met) == 2
    assert namespace.find("CronJob", "sentiment-data") is not None
