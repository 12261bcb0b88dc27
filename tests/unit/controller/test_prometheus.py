"""The questions to Prometheus, asked of a real HTTP server that answers in Prometheus' format."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiohttp import web

from controller.cluster.prometheus import PrometheusClient
from controller.manifest import ObjectKey
from controller.observation import PrometheusFacts

SENTIMENT, SPAM = ObjectKey("ml", "sentiment"), ObjectKey("web", "spam")


def rule(monitor: ObjectKey, error: str = "") -> dict[str, str]:
    own = f'modelmonitor="{monitor.name}",namespace="{monitor.namespace}"'
    return {"query": f"sum by (namespace, modelmonitor) (up{{{own}}}) == 0", "lastError": error}


GROUPS = [
    {"name": "modelmonitor.sentiment.recording", "rules": [rule(SENTIMENT), rule(SENTIMENT, "many-to-many")]},
    {"name": "node.rules", "rules": [{"query": 'up{exported_namespace="x"} == 0'}]},
    {"name": "modelmonitor.sentiment.drift", "rules": [rule(SENTIMENT)]},
    {"name": "modelmonitor.spam.drift", "rules": [rule(SPAM)]},
]


def series(monitor: ObjectKey, value: str = "1", **labels: str) -> dict[str, Any]:
    own = {"namespace": monitor.namespace, "modelmonitor": monitor.name}
    return {"metric": {**own, **labels}, "value": [1, value]}


ANSWERS = {
    'count by (namespace, modelmonitor) (up{modelmonitor!=""})': [series(SENTIMENT, "2"), series(SPAM)],
    'sum by (namespace, modelmonitor) (up{modelmonitor!=""})': [series(SENTIMENT, "1"), series(SPAM, "0")],
    'ALERTS{modelmonitor!="",alertstate="firing"}': [
        series(SPAM, alertname="ModelTargetDown", severity="critical")
    ],
    'group by (namespace, modelmonitor, version) (model_info{modelmonitor!=""})': [
        series(SENTIMENT, version="4"),
        series(SENTIMENT, version="3"),
    ],
    'group by (namespace, modelmonitor, deployment_id) (modelmonitor_deployment_info{modelmonitor!=""})': [
        series(SENTIMENT, deployment_id="reviews"),
    ],
}
FACTS = {
    SENTIMENT: PrometheusFacts(
        groups={"modelmonitor.sentiment.recording": "many-to-many", "modelmonitor.sentiment.drift": ""},
        targets=2,
        up=1,
        versions=("3", "4"),
        deployments=("reviews",),
    ),
    SPAM: PrometheusFacts(
        groups={"modelmonitor.spam.drift": ""}, targets=1, firing=(("ModelTargetDown", "critical"),)
    ),
}


def survey(rules: Any) -> tuple[Mapping[ObjectKey, PrometheusFacts] | str, list[str]]:
    """What a survey says, and the paths that it asked for."""
    asked: list[str] = []

    async def query(request: web.Request) -> web.Response:
        asked.append(request.path)
        found = ANSWERS[request.query["query"]]
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": found}})

    async def groups(request: web.Request) -> web.Response:
        asked.append(request.path)
        return await rules(request)

    async def run() -> Mapping[ObjectKey, PrometheusFacts] | str:
        app = web.Application()
        app.add_routes([web.get("/api/v1/query", query), web.get("/api/v1/rules", groups)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        client = PrometheusClient(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        try:
            return await client.survey()
        finally:
            await runner.cleanup()

    return asyncio.run(run()), asked


async def all_at_once(_: web.Request) -> web.Response:
    return web.json_response({"status": "success", "data": {"groups": GROUPS}})


async def one_by_one(request: web.Request) -> web.Response:
    number = int(request.query.get("group_next_token", "0"))
    more = {"groupNextToken": str(number + 1)} if number + 1 < len(GROUPS) else {}
    data = {"groups": GROUPS[number : number + 1], **more}
    return web.json_response({"status": "success", "data": data})


def test_six_requests_tell_of_all_monitors() -> None:
    facts, asked = survey(all_at_once)

    assert facts == FACTS
    assert asked == ["/api/v1/rules"] + ["/api/v1/query"] * 5


def test_rules_that_come_in_parts_are_all_read() -> None:
    facts, _ = survey(one_by_one)

    assert facts == FACTS


def test_a_prometheus_that_does_not_answer_is_a_fact() -> None:
    async def starting(_: web.Request) -> web.Response:
        return web.Response(status=503, text="starting")

    told, _ = survey(starting)

    assert isinstance(told, str)
    assert "does not answer: 503" in told


@pytest.mark.parametrize(
    "answer",
    [
        [],
        {"data": None},
        {"data": []},
        {"data": {"groups": ["x"]}},
        {"data": {"groups": [{"name": "g"}]}},
        {"data": {"groups": [{"name": "g", "rules": [{"labels": ["x"]}]}]}},
        "<html>Sign in</html>",
    ],
    ids=str,
)
def test_an_answer_of_something_else_is_told_as_such(answer: Any) -> None:
    async def of_something_else(_: web.Request) -> web.Response:
        return web.json_response(answer)

    told, _ = survey(of_something_else)

    assert isinstance(told, str)
    assert "answered something that is no answer of Prometheus: " in told
    assert told.endswith(".")


@pytest.mark.parametrize("groups", [None, [{"name": "g", "rules": None}]], ids=["no groups", "no rules"])
def test_an_empty_list_of_go_is_null(groups: Any) -> None:
    async def empty(_: web.Request) -> web.Response:
        return web.json_response({"data": {"groups": groups}})

    told, _ = survey(empty)

    assert {key: facts.groups for key, facts in told.items()} == {SENTIMENT: {}, SPAM: {}}
