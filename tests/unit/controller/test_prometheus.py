"""The questions to Prometheus, asked of a real HTTP server that answers in Prometheus' format."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from controller.cluster.prometheus import PrometheusClient
from controller.observation import PrometheusFacts

GROUPS = [
    {
        "name": "modelmonitor.sentiment.recording",
        "file": "/etc/prometheus/rules/x/ml-modelmonitor-sentiment-0d3e.yaml",
        "rules": [{"name": "a", "health": "ok"}, {"name": "b", "health": "err", "lastError": "many-to-many"}],
    },
    {
        "name": "modelmonitor.sentiment.drift",
        "file": "/etc/prometheus/rules/x/ml-modelmonitor-sentiment-0d3e.yaml",
        "rules": [{"name": "c", "health": "ok"}],
    },
    {
        "name": "modelmonitor.sentiment.drift",
        "file": "/etc/prometheus/rules/x/other-ml-modelmonitor-sentiment-77aa.yaml",
        "rules": [{"name": "c", "health": "err", "lastError": "of another namespace"}],
    },
]
ANSWERS = {
    'up{namespace="ml",modelmonitor="sentiment"}': [
        {"metric": {"pod": "a"}, "value": [1, "1"]},
        {"metric": {"pod": "b"}, "value": [1, "0"]},
    ],
    'ALERTS{namespace="ml",modelmonitor="sentiment",alertstate="firing"}': [
        {"metric": {"alertname": "ModelTargetDown", "severity": "critical"}, "value": [1, "1"]}
    ],
    'group by (version) (model_info{namespace="ml",modelmonitor="sentiment"})': [
        {"metric": {"version": "4"}, "value": [1, "1"]},
        {"metric": {"version": "3"}, "value": [1, "1"]},
    ],
}


def facts(rules: Any) -> PrometheusFacts:
    async def query(request: web.Request) -> web.Response:
        found = ANSWERS[request.query["query"]]
        return web.json_response({"status": "success", "data": {"resultType": "vector", "result": found}})

    async def run() -> PrometheusFacts:
        app = web.Application()
        app.add_routes([web.get("/api/v1/query", query), web.get("/api/v1/rules", rules)])
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        client = PrometheusClient(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        try:
            return await client.facts(namespace="ml", monitor="sentiment", rule_name="modelmonitor-sentiment")
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def test_groups_targets_and_alerts_of_one_monitor_are_told() -> None:
    async def rules(_: web.Request) -> web.Response:
        return web.json_response({"status": "success", "data": {"groups": GROUPS}})

    assert facts(rules) == PrometheusFacts(
        groups={"modelmonitor.sentiment.recording": "many-to-many", "modelmonitor.sentiment.drift": ""},
        targets=2,
        up=1,
        firing=(("ModelTargetDown", "critical"),),
        versions=("3", "4"),
    )


def test_a_prometheus_that_does_not_answer_is_a_fact() -> None:
    async def rules(_: web.Request) -> web.Response:
        return web.Response(status=503, text="starting")

    told = facts(rules).obstacle

    assert told is not None
    assert "does not answer: 503" in told
