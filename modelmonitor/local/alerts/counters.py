"""A predictor's counters over the last minutes: what Prometheus's `rate` and `increase` are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from modelmonitor import metrics

_KEPT: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Counters:
    """One look at `/metrics`; counters since the predictor's start.

    Attributes:
        loaded: whether the model is; None where the page does not say.
        database_up: whether the prediction log reaches PostgreSQL; None where the page does not say.
        buckets: predictions at or below each bound of the latency histogram, seconds.
    """

    at: datetime
    loaded: bool | None = None
    database_up: bool | None = None
    predictions: float = 0.0
    requests: float = 0.0
    failed: float = 0.0
    dropped: float = 0.0
    buckets: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """Looks of the last 15 minutes, the oldest first."""

    looks: tuple[Counters, ...] = ()

    def with_look(self, look: Counters) -> History:
        """The history with one look more; a predictor that started anew begins another history."""
        if self.looks and look.requests < self.looks[-1].requests:
            return History((look,))
        kept = tuple(each for each in self.looks if look.at - each.at <= _KEPT)
        return History((*kept, look))

    def span(self, window: timedelta) -> tuple[Counters, Counters] | None:
        """The oldest look within the window and the newest; None with fewer than two."""
        if len(self.looks) < 2:  # a difference needs two
            return None
        newest = self.looks[-1]
        oldest = next(each for each in self.looks if newest.at - each.at <= window)
        return None if oldest is newest else (oldest, newest)

    def increase(self, of: Callable[[Counters], float], *, window: timedelta) -> float | None:
        """How much a counter grew within the window; None where that is not known yet."""
        ends = self.span(window)
        return None if ends is None else of(ends[1]) - of(ends[0])

    def rate(self, of: Callable[[Counters], float], *, window: timedelta) -> float | None:
        """Growth of a counter per second; None where that is not known yet."""
        ends, grown = self.span(window), self.increase(of, window=window)
        return None if ends is None or grown is None else grown / (ends[1].at - ends[0].at).total_seconds()

    def quantile(self, share: float, *, window: timedelta) -> float | None:
        """Latency below which a share of the window's predictions lies, seconds; as `histogram_quantile`."""
        ends = self.span(window)
        if ends is None:
            return None
        before, now = ends[0].buckets, ends[1].buckets
        return _quantile({bound: now[bound] - before.get(bound, 0.0) for bound in now}, share=share)


def read_counters(page: str, *, at: datetime) -> Counters:
    """The counters of an exposition; a page without our metrics has none.

    Raises:
        ValueError: it is no exposition.
    """
    sums: dict[str, float] = {}
    buckets: dict[float, float] = {}
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + float(sample.value)
            if sample.name == metrics.REQUESTS.name and sample.labels.get("status", "").startswith("5"):
                sums["failed"] = sums.get("failed", 0.0) + float(sample.value)
            if sample.name == f"{metrics.PREDICTION_DURATION.name}_bucket":
                bound = float(sample.labels["le"])
                buckets[bound] = buckets.get(bound, 0.0) + float(sample.value)
    return Counters(
        at=at,
        loaded=_flag(sums, metrics.MODEL_LOADED.name),
        database_up=_flag(sums, metrics.DATABASE_UP.name),
        predictions=sums.get(metrics.PREDICTIONS.name, 0.0),
        requests=sums.get(metrics.REQUESTS.name, 0.0),
        failed=sums.get("failed", 0.0),
        dropped=sums.get(metrics.LOG_DROPPED.name, 0.0),
        buckets=buckets,
    )


def _flag(sums: Mapping[str, float], name: str) -> bool | None:
    return sums[name] >= 1 if name in sums else None


def _quantile(buckets: Mapping[float, float], *, share: float) -> float | None:
    bounds = sorted(buckets)
    total = buckets[bounds[-1]] if bounds else 0.0
    if total <= 0:
        return None
    wanted, below, start = share * total, 0.0, 0.0
    for bound in bounds:
        if buckets[bound] >= wanted:
            inside = buckets[bound] - below
            return start if bound == float("inf") else start + (bound - start) * (wanted - below) / inside
        below, start = buckets[bound], bound
    return None
