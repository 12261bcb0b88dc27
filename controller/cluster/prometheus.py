"""Ask Prometheus whether it has the rules and reaches the pods of a monitor, and which alerts fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

from controller.observation import PrometheusFacts
from modelmonitor import metrics

_MAX_TIMEOUT_S = 10.0


class PrometheusClient:
    """One Prometheus.

    Args:
        address: such as http://prometheus:9090.
        timeout_s: limit of a request.
    """

    def __init__(self, address: str, *, timeout_s: float = _MAX_TIMEOUT_S) -> None:
        self._address = address.rstrip("/")
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def facts(self, *, namespace: str, monitor: str, rule_name: str) -> PrometheusFacts:
        """What it says of a monitor; that it does not answer is a fact too.

        Args:
            namespace: of the monitor.
            monitor: its name.
            rule_name: name of its PrometheusRule.
        """
        own = f'{{namespace="{namespace}",modelmonitor="{monitor}"}}'
        try:
            async with aiohttp.ClientSession(timeout=self._timeout) as session:
                rules = await self._ask(session, "/api/v1/rules", {"exclude_alerts": "true"})
                ups = await self._query(session, f"up{own}")
                alerts = await self._query(session, f'ALERTS{own[:-1]},alertstate="firing"}}')
                served = await self._query(session, f"group by (version) ({metrics.MODEL_INFO.name}{own})")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as error:
            return PrometheusFacts(obstacle=f"Prometheus at {self._address} does not answer: {_why(error)}.")
        return PrometheusFacts(
            groups=_groups(rules, namespace=namespace, rule_name=rule_name),
            targets=len(ups),
            up=sum(float(each["value"][1]) > 0 for each in ups),
            firing=tuple(sorted({_alert(each) for each in alerts})),
            versions=tuple(sorted({each["metric"].get("version", "") for each in served} - {""})),
        )

    async def _query(self, session: aiohttp.ClientSession, query: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self._ask(session, "/api/v1/query", {"query": query}))["result"]
        return found

    async def _ask(
        self, session: aiohttp.ClientSession, path: str, query: Mapping[str, str]
    ) -> Mapping[str, Any]:
        async with session.get(self._address + path, params=query, raise_for_status=True) as response:
            data: Mapping[str, Any] = (await response.json())["data"]
            return data


def _groups(rules: Mapping[str, Any], *, namespace: str, rule_name: str) -> dict[str, str]:
    # Prometheus Operator names a rule file after namespace, name and uid; group names repeat over namespaces.
    of_rule = f"/{namespace}-{rule_name}-"
    return {
        group["name"]: next((rule["lastError"] for rule in group["rules"] if rule.get("lastError")), "")
        for group in rules["groups"]
        if of_rule in group["file"]
    }


def _alert(series: Mapping[str, Any]) -> tuple[str, str]:
    labels = series["metric"]
    return labels.get("alertname", ""), labels.get("severity", "")


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
