"""Prometheus: the live metrics of a monitor and the alerts that fire."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from modelmonitor import metrics
from modelmonitor.cli.errors import SourceDown
from modelmonitor.cli.sources.http import get_json

_QUERIES_AT_ONCE: Final = 6


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """Live metrics; shares 0 to 1, seconds, predictions a second; None where there is no such series."""

    rate: float | None = None
    error_rate: float | None = None
    latency_p95: float | None = None
    confidence: float | None = None
    low_confidence_share: float | None = None
    loaded: bool | None = None


@dataclass(frozen=True, slots=True)
class FiringAlert:
    """An alert that fires."""

    name: str
    severity: str
    since: datetime
    summary: str
    labels: Mapping[str, str]


def ask_prometheus(
    url: str, *, matchers: Mapping[str, str], low_confidence_below: float, timeout_s: float
) -> LiveFacts:
    """The live metrics of the series that match, from raw metrics, so that no rule need be loaded.

    Raises:
        SourceDown: it does not answer.
    """
    queries = live_queries(matchers, low_confidence_below=low_confidence_below)
    with ThreadPoolExecutor(_QUERIES_AT_ONCE) as pool:
        values = dict(
            zip(queries, pool.map(lambda text: _value(url, text, timeout_s), queries.values()), strict=True)
        )
    loaded = values.pop("loaded")
    return LiveFacts(**values, loaded=None if loaded is None else loaded >= 1)


def live_queries(matchers: Mapping[str, str], *, low_confidence_below: float) -> dict[str, str]:
    """PromQL of each field of `LiveFacts`."""
    own = [f"{name}={_quoted(value)}" for name, value in matchers.items()]
    chosen = "{" + ",".join(own) + "}"
    confidence = metrics.PREDICTION_CONFIDENCE.name
    bound = min(metrics.CONFIDENCE_BUCKETS, key=lambda each: (abs(each - low_confidence_below), each))
    low = "{" + ",".join((*own, f'le="{bound}"')) + "}"
    failed = "{" + ",".join((*own, 'status=~"5.."')) + "}"
    requests = f"sum(rate({metrics.REQUESTS.name}{chosen}[5m]))"
    count = f"(sum(rate({confidence}_count{chosen}[1h])) > 0)"
    return {
        "rate": f"sum(rate({metrics.PREDICTIONS.name}{chosen}[5m]))",
        "error_rate": (
            f"(sum(rate({metrics.REQUESTS.name}{failed}[5m])) or 0 * {requests}) / ({requests} > 0)"
        ),
        "latency_p95": (
            f"histogram_quantile(0.95, sum by (le) "
            f"(rate({metrics.PREDICTION_DURATION.name}_bucket{chosen}[5m])))"
        ),
        "confidence": f"sum(rate({confidence}_sum{chosen}[1h])) / {count}",
        "low_confidence_share": f"sum(rate({confidence}_bucket{low}[1h])) / {count}",
        "loaded": f"min({metrics.MODEL_LOADED.name}{chosen})",
    }


def firing_alerts(url: str, *, timeout_s: float) -> tuple[FiringAlert, ...]:
    """The alerts that fire now, pending ones left out.

    Raises:
        SourceDown: it does not answer.
    """
    answer = get_json(f"{url}/api/v1/alerts", timeout_s=timeout_s)
    alerts = _data(answer, url).get("alerts", [])
    return tuple(_alert(each) for each in alerts if each.get("state") == "firing")


def query(url: str, text: str, *, timeout_s: float) -> tuple[Mapping[str, Any], ...]:
    """The series of an instant query.

    Raises:
        SourceDown: it does not answer, or refuses the query.
    """
    answer = get_json(f"{url}/api/v1/query?{urlencode({'query': text})}", timeout_s=timeout_s)
    return tuple(_data(answer, url).get("result", ()))


def count_series(url: str, name: str, matchers: Mapping[str, str], *, timeout_s: float) -> int:
    """How many series of a metric there are with these labels.

    Raises:
        SourceDown: it does not answer.
    """
    chosen = "{" + ",".join(f"{label}={_quoted(value)}" for label, value in matchers.items()) + "}"
    series = query(url, f"count({name}{chosen})", timeout_s=timeout_s)
    return int(float(series[0]["value"][1])) if series else 0


def scraped_targets(url: str, *, timeout_s: float) -> tuple[Mapping[str, Any], ...]:
    """The targets that Prometheus scrapes, as its API tells of them.

    Raises:
        SourceDown: it does not answer.
    """
    answer = get_json(f"{url}/api/v1/targets?state=active", timeout_s=timeout_s)
    return tuple(_data(answer, url).get("activeTargets", ()))


def loaded_groups(url: str, *, timeout_s: float) -> tuple[Mapping[str, Any], ...]:
    """The groups of rules that Prometheus has loaded.

    Raises:
        SourceDown: it does not answer.
    """
    return tuple(_data(get_json(f"{url}/api/v1/rules", timeout_s=timeout_s), url).get("groups", ()))


def _value(url: str, text: str, timeout_s: float) -> float | None:
    series: Iterable[Mapping[str, Any]] = query(url, text, timeout_s=timeout_s)
    values = [float(each["value"][1]) for each in series]
    return values[0] if values and math.isfinite(values[0]) else None


def _data(answer: Any, url: str) -> Mapping[str, Any]:  # noqa: ANN401 - JSON
    if not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
        msg = f"{url} answers, but not as Prometheus does: is it the right address?"
        raise SourceDown(msg)
    return dict(answer["data"])


def _alert(alert: Mapping[str, Any]) -> FiringAlert:
    labels = {str(name): str(value) for name, value in alert.get("labels", {}).items()}
    return FiringAlert(
        name=labels.get("alertname", ""),
        severity=labels.get("severity", ""),
        since=datetime.fromisoformat(alert["activeAt"]),
        summary=str(alert.get("annotations", {}).get("summary", "")),
        labels=labels,
    )


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
