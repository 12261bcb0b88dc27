"""The collector's metrics, every known label value present from the first scrape on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from modelmonitor import metrics as names
from modelmonitor.metrics import Metric

ENDPOINTS: Final = ("/", "/feedback", "/alerts")
DROP_REASONS: Final = ("spool_full", "spool_unwritable", "refused_by_database", "corrupt_on_disk")
KINDS: Final = ("request", "response")


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.labels, registry=registry)


def _gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    return Gauge(metric.name, metric.help, metric.labels, registry=registry)


class CollectorMetrics:
    """One registry of one process; implements the observers of the inbox. Thread-safe."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._requests = _counter(names.REQUESTS, self.registry)
        self._errors = _counter(names.ERRORS, self.registry)
        metric = names.COLLECTOR_REQUEST_DURATION
        self._duration = Histogram(
            metric.name, metric.help, metric.labels, registry=self.registry, buckets=metric.buckets
        )
        self._events = _counter(names.COLLECTOR_EVENTS, self.registry)
        self._unreadable = _counter(names.COLLECTOR_UNREADABLE, self.registry)
        self._pairs = _counter(names.COLLECTOR_PAIRS, self.registry)
        self._repeats = _counter(names.COLLECTOR_REPEATS, self.registry)
        self._orphans = _counter(names.COLLECTOR_ORPHANS, self.registry)
        self._labels = _counter(names.COLLECTOR_LABELS, self.registry)
        self._alerts = _counter(names.COLLECTOR_ALERTS, self.registry)
        self._queries = _counter(names.DATABASE_QUERIES, self.registry)
        self._queued = _gauge(names.LOG_QUEUED, self.registry)
        self._written = _counter(names.LOG_WRITTEN, self.registry)
        self._dropped = _counter(names.LOG_DROPPED, self.registry)
        self._discarded = _counter(names.LOG_DISCARDED, self.registry)
        self._database_up = _gauge(names.DATABASE_UP, self.registry)
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        for endpoint in ENDPOINTS:
            self._requests.labels("POST", endpoint, "202" if endpoint == "/feedback" else "200")
            self._errors.labels("invalid_request", endpoint)
        for reason in DROP_REASONS:
            self._dropped.labels(reason)
        for operation in ("copy", "insert"):
            self._queries.labels(operation, "prediction_logs")
        for kind in KINDS:
            for counter in (self._events, self._unreadable, self._orphans):
                counter.labels(kind)

    def answered(self, method: str, endpoint: str, *, status: int, seconds: float) -> None:
        """A request was answered."""
        self._requests.labels(method, endpoint, str(status)).inc()
        self._duration.labels(endpoint).observe(seconds)

    def failed(self, error_type: str, endpoint: str) -> None:
        """A request was refused."""
        self._errors.labels(error_type, endpoint).inc()

    def event(self, kind: str, *, unreadable: bool) -> None:
        """An event is on disk."""
        self._events.labels(kind).inc()
        if unreadable:
            self._unreadable.labels(kind).inc()

    def labelled(self, labels: int) -> None:
        """Labels are on disk."""
        self._labels.inc(labels)

    def alerted(self, alerts: int) -> None:
        """News of alerts are on disk."""
        self._alerts.inc(alerts)

    def joined(self, pairs: int, *, repeated: int) -> None:
        """Pairs that were joined now, and pairs that had been joined before."""
        self._pairs.inc(pairs)
        self._repeats.inc(repeated)

    def orphaned(self, orphans: Mapping[str, int]) -> None:
        """New orphans of each kind."""
        for kind, count in orphans.items():
            self._orphans.labels(kind).inc(count)

    def spooled(self, pending_bytes: int) -> None:
        """Bytes on disk that PostgreSQL has not committed yet."""
        self._queued.set(pending_bytes)

    def written(self, rows: int) -> None:
        """Predictions committed to PostgreSQL."""
        self._written.inc(rows)

    def dropped(self, rows: int, reason: str) -> None:
        """Records that will not reach PostgreSQL by themselves."""
        self._dropped.labels(reason).inc(rows)

    def discarded(self, rows: int) -> None:
        """Rows set aside before, of which no copy is kept any more."""
        self._discarded.inc(rows)

    def repaired(self, rows: int) -> None:
        """Texts are repaired when they are read, so there is nothing to count here."""

    def database_up(self, *, up: bool) -> None:
        """Whether the last statement to PostgreSQL succeeded."""
        self._database_up.set(up)

    def statement(self, operation: str, table: str) -> None:
        """One statement was sent to PostgreSQL."""
        self._queries.labels(operation, table).inc()

    def page(self, accept: str | None) -> tuple[bytes, str]:
        """The exposition and its content type, in the format that the scraper accepts."""
        encoder, content_type = choose_encoder(accept or "")
        return encoder(self.registry), content_type
