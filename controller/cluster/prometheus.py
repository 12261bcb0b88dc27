"""Ask Prometheus about all monitors at once: are rules loaded, pods reached, which alerts fire."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from pydantic import TypeAdapter

from controller.cluster.prometheus_answers import QUERY, RULES, Answer, Group, NoAnswer, Rule, Series, parse
from controller.manifest import ObjectKey
from controller.observation import PrometheusFacts
from modelmonitor import metrics
from modelmonitor.metrics import Metric

_BY: Final = "by (namespace, modelmonitor)"
# What a Prometheus of 3.1 and later gives at a time; an older one gives all.
_GROUPS_AT_A_TIME: Final = 200
_LABELS: Final = ("namespace", "modelmonitor")
_MATCHERS: Final = tuple(re.compile(rf'\b{label}="([^"]+)"') for label in _LABELS)


@dataclass(slots=True)
class _Found:
    groups: dict[str, str] = field(default_factory=dict)
    targets: int = 0
    up: int = 0
    firing: set[tuple[str, str]] = field(default_factory=set)
    versions: set[str] = field(default_factory=set)
    deployments: set[str] = field(default_factory=set)

    def facts(self) -> PrometheusFacts:
        return PrometheusFacts(
            groups=self.groups,
            targets=self.targets,
            up=self.up,
            firing=tuple(sorted(self.firing)),
            versions=tuple(sorted(self.versions - {""})),
            deployments=tuple(sorted(self.deployments - {""})),
        )


class PrometheusClient:
    """One Prometheus.

    Args:
        address: such as http://prometheus:9090.
        namespaces: of the monitors; empty for all.
        timeout_s: limit of a request.
    """

    def __init__(self, address: str, *, namespaces: Sequence[str] = (), timeout_s: float = 10) -> None:
        self._address = address.rstrip("/")
        of_these = f',namespace=~"{"|".join(namespaces)}"' if namespaces else ""
        self._selector = f'modelmonitor!=""{of_these}'
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def survey(self) -> Mapping[ObjectKey, PrometheusFacts] | str:
        """What it says of each monitor that it knows; a sentence why not if it does not answer."""
        found: defaultdict[ObjectKey, _Found] = defaultdict(_Found)
        try:
            async with aiohttp.ClientSession(timeout=self._timeout) as session:
                await self._rules(session, found)
                await self._series(session, found)
        except NoAnswer as error:
            told = f"answered something that is no answer of Prometheus: {error}"
            return f"Prometheus at {self._address} {told}."
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            return f"Prometheus at {self._address} does not answer: {str(error) or type(error).__name__}."
        return {key: each.facts() for key, each in found.items()}

    async def _rules(self, session: aiohttp.ClientSession, found: defaultdict[ObjectKey, _Found]) -> None:
        async for group in self._groups(session):
            rules = group["rules"] or []
            monitor = _whose(rules)
            if monitor is not None:
                errors = (error for rule in rules if (error := rule.get("error")))
                found[monitor].groups[group["name"]] = next(errors, "")

    async def _groups(self, session: aiohttp.ClientSession) -> AsyncIterator[Group]:
        query = {"exclude_alerts": "true", "group_limit": str(_GROUPS_AT_A_TIME)}
        while True:
            data = (await self._ask(session, "/api/v1/rules", query, shape=RULES))["data"]
            for group in data["groups"] or []:
                yield group
            token = data.get("next")
            if not token:
                return
            query = {**query, "group_next_token": token}

    async def _series(self, session: aiohttp.ClientSession, found: defaultdict[ObjectKey, _Found]) -> None:
        for key, series in await self._query(session, f"count {_BY} (up{{{self._selector}}})"):
            found[key].targets = int(series["value"][1])
        for key, series in await self._query(session, f"sum {_BY} (up{{{self._selector}}})"):
            found[key].up = int(series["value"][1])
        for key, series in await self._query(session, f'ALERTS{{{self._selector},alertstate="firing"}}'):
            labels = series["metric"]
            found[key].firing.add((labels.get("alertname", ""), labels.get("severity", "")))
        for key, version in await self._labels(session, metrics.MODEL_INFO, "version"):
            found[key].versions.add(version)
        for key, deployment in await self._labels(session, metrics.DEPLOYMENT_INFO, "deployment_id"):
            found[key].deployments.add(deployment)

    async def _labels(
        self, session: aiohttp.ClientSession, metric: Metric, label: str
    ) -> list[tuple[ObjectKey, str]]:
        query = f"group {_BY[:-1]}, {label}) ({metric.name}{{{self._selector}}})"
        return [(key, series["metric"].get(label, "")) for key, series in await self._query(session, query)]

    async def _query(self, session: aiohttp.ClientSession, query: str) -> list[tuple[ObjectKey, Series]]:
        data = (await self._ask(session, "/api/v1/query", {"query": query}, shape=QUERY))["data"]
        return [(_key(series["metric"]), series) for series in data["result"] or []]

    async def _ask(
        self,
        session: aiohttp.ClientSession,
        path: str,
        query: Mapping[str, str],
        *,
        shape: TypeAdapter[Answer],
    ) -> Answer:
        async with session.get(self._address + path, params=query, raise_for_status=True) as response:
            return parse(shape, await response.read())


def _whose(rules: Iterable[Rule]) -> ObjectKey | None:
    """The monitor of a group: names of files and groups differ with the installation.

    Each alert has its labels, whoever wrote the query; recording rules have none, but read its series.
    """
    for rule in rules:
        labels = rule.get("labels") or {}
        if all(label in labels for label in _LABELS):
            return _key(labels)
        values = [found for pattern in _MATCHERS if (found := pattern.search(rule.get("query") or ""))]
        if len(values) == len(_MATCHERS):
            return ObjectKey(values[0][1], values[1][1])
    return None


def _key(labels: Mapping[str, str]) -> ObjectKey:
    return ObjectKey(labels.get("namespace", ""), labels.get("modelmonitor", ""))
