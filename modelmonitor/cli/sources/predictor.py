"""The model server: is it well, which model does it serve, and what do its own metrics say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from modelmonitor import metrics
from modelmonitor.cli.sources.http import get


@dataclass(frozen=True, slots=True)
class PredictorFacts:
    """What a model server says about itself since its start; None where it does not say.

    Attributes:
        classes: answered predictions by predicted class.
        latency_p95: seconds, from the buckets of the histogram.
        error_rate: requests answered with 5xx by all requests, 0 to 1.
        confidence: mean of the predicted class, 0 to 1.
        low_confidence_share: at or below the bucket nearest to the bound, 0 to 1.
    """

    loaded: bool | None = None
    model: str = ""
    version: str = ""
    classes: Mapping[str, int] = field(default_factory=dict)
    latency_p95: float | None = None
    error_rate: float | None = None
    confidence: float | None = None
    low_confidence_share: float | None = None


def ask_predictor(url: str, *, timeout_s: float, low_confidence_below: float) -> PredictorFacts:
    """Read `/metrics` of a model server.

    Raises:
        SourceDown: it does not answer.
    """
    text = get(f"{url}/metrics", timeout_s=timeout_s).decode("utf-8", "replace")
    return facts_of(text, low_confidence_below=low_confidence_below)


@dataclass(frozen=True, slots=True)
class _Sample:
    name: str
    labels: Mapping[str, str]
    value: float


def facts_of(text: str, *, low_confidence_below: float) -> PredictorFacts:
    """What an exposition of Prometheus metrics says; metrics that are not there are not known."""
    samples = _samples(text)
    info = next((each.labels for each in samples if each.name == metrics.MODEL_INFO.name), {})
    loaded = [each.value for each in samples if each.name == metrics.MODEL_LOADED.name]
    confidence = metrics.PREDICTION_CONFIDENCE.name
    count = _sum(samples, f"{confidence}_count")
    low = _bucket(samples, confidence, near=low_confidence_below)
    return PredictorFacts(
        loaded=min(loaded) >= 1 if loaded else None,
        model=info.get("model_name", ""),
        version=info.get("version", ""),
        classes=_classes(samples),
        latency_p95=quantile(_buckets(samples, metrics.PREDICTION_DURATION.name), share=0.95),
        error_rate=_error_rate(samples),
        confidence=_ratio(_sum(samples, f"{confidence}_sum"), count),
        low_confidence_share=_ratio(low, count),
    )


def quantile(buckets: Mapping[float, float], *, share: float) -> float | None:
    """The value below which a share of a histogram lies, linear inside a bucket; as `histogram_quantile`."""
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if not total:
        return None
    wanted, below, start = share * total, 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            inside = buckets[bound] - below
            return start if bound == float("inf") else start + (bound - start) * (wanted - below) / inside
        below, start = buckets[bound], bound
    return None


def _samples(text: str) -> tuple[_Sample, ...]:
    # Imported here, for a cluster's status needs no parser.
    from prometheus_client.parser import text_string_to_metric_families

    try:
        return tuple(
            _Sample(each.name, each.labels, float(each.value))
            for family in text_string_to_metric_families(text)
            for each in family.samples
        )
    except ValueError:
        return ()


def _classes(samples: Iterable[_Sample]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for each in samples:
        if each.name == metrics.PREDICTIONS.name:
            label = each.labels.get("sentiment", "")
            counts[label] = counts.get(label, 0) + int(each.value)
    return counts


def _error_rate(samples: Iterable[_Sample]) -> float | None:
    asked = [each for each in samples if each.name == metrics.REQUESTS.name]
    failed = sum(each.value for each in asked if each.labels.get("status", "").startswith("5"))
    return _ratio(failed, sum(each.value for each in asked))


def _buckets(samples: Iterable[_Sample], name: str) -> dict[float, float]:
    summed: dict[float, float] = {}
    for each in samples:
        if each.name == f"{name}_bucket":
            bound = float(each.labels["le"])
            summed[bound] = summed.get(bound, 0.0) + each.value
    return summed


def _bucket(samples: Iterable[_Sample], name: str, *, near: float) -> float:
    buckets = _buckets(samples, name)
    return buckets[min(buckets, key=lambda bound: abs(bound - near))] if buckets else 0.0


def _sum(samples: Iterable[_Sample], name: str) -> float:
    return sum(each.value for each in samples if each.name == name)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
