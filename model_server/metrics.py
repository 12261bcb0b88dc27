"""The predictor's metrics: the guide's names, every known label value present from the first scrape on."""

from __future__ import annotations

from collections.abc import Sequence
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

from model_server.errors import PREDICTION_ERRORS
from modelmonitor import metrics as names
from modelmonitor.metrics import Metric

# What predicts: their series exist before the first request, so that no rate starts with a gap.
PREDICTION_ENDPOINTS: Final = (
    ("POST", "/predict"),
    ("POST", "/v1/models/{model_name}:predict"),
    ("POST", "/v2/models/{model_name}/infer"),
    ("GRPC", "ModelInfer"),
)
DROP_REASONS: Final = ("spool_full", "spool_unwritable", "refused_by_database", "corrupt_on_disk")


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.labels, registry=registry)


def _gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    return Gauge(metric.name, metric.help, metric.labels, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)


class ServerMetrics:
    """One registry of one process; implements the log's observer and the engine's counts. Thread-safe."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self._predictions = _counter(names.PREDICTIONS, self.registry)
        self._duration = _histogram(names.PREDICTION_DURATION, self.registry)
        self._confidence = _histogram(names.PREDICTION_CONFIDENCE, self.registry)
        self._requests = _counter(names.REQUESTS, self.registry)
        self._request_series: dict[tuple[str, str, int], Counter] = {}
        self._active = _gauge(names.ACTIVE_REQUESTS, self.registry)
        self._errors = _counter(names.ERRORS, self.registry)
        self._loaded = _gauge(names.MODEL_LOADED, self.registry)
        self._info = _gauge(names.MODEL_INFO, self.registry)
        self._deployment = _gauge(names.DEPLOYMENT_INFO, self.registry)
        self._queries = _counter(names.DATABASE_QUERIES, self.registry)
        self._queued = _gauge(names.LOG_QUEUED, self.registry)
        self._written = _counter(names.LOG_WRITTEN, self.registry)
        self._dropped = _counter(names.LOG_DROPPED, self.registry)
        self._discarded = _counter(names.LOG_DISCARDED, self.registry)
        self._repaired = _counter(names.LOG_REPAIRED, self.registry)
        self._database_up = _gauge(names.DATABASE_UP, self.registry)
        self._start_at_zero()

    def _start_at_zero(self) -> None:
        for method, endpoint in PREDICTION_ENDPOINTS:
            self._requests.labels(method, endpoint, "200")
            for error in PREDICTION_ERRORS:
                self._errors.labels(error.error_type, endpoint)
        for reason in DROP_REASONS:
            self._dropped.labels(reason)
        for operation in ("copy", "insert"):
            self._queries.labels(operation, "prediction_logs")

    def model_is(self, *, name: str, version: str, classes: Sequence[str], deployment: str) -> None:
        """Announce the model and the deployment that its rows name; its classes get their series at 0."""
        self._info.labels(name, version).set(1)
        self._deployment.labels(deployment).set(1)
        for sentiment in classes:
            self._predictions.labels(sentiment)
            self._confidence.labels(sentiment)

    def loaded(self, *, yes: bool) -> None:
        """Whether the model answers now."""
        self._loaded.set(yes)

    def predicted(self, sentiment: str, *, confidence: float, seconds: float) -> None:
        """One prediction was made and logged."""
        self._predictions.labels(sentiment).inc()
        self._confidence.labels(sentiment).observe(confidence)
        self._duration.observe(seconds)

    def request_started(self) -> None:
        """One request more is being answered."""
        self._active.inc()

    def request_ended(self, method: str, endpoint: str, status: int) -> None:
        """A request was answered; `status` is the HTTP status, for gRPC its equivalent."""
        self._active.dec()
        key = (method, endpoint, status)
        series = self._request_series.get(key)
        if series is None:
            # Looking a series up by its labels costs more than counting; there are a few dozen at most.
            series = self._request_series[key] = self._requests.labels(method, endpoint, str(status))
        series.inc()

    def failed(self, error_type: str, endpoint: str) -> None:
        """A request got an error instead of an answer."""
        self._errors.labels(error_type, endpoint).inc()

    def spooled(self, pending_bytes: int) -> None:
        """Bytes on disk that PostgreSQL has not committed yet."""
        self._queued.set(pending_bytes)

    def written(self, rows: int) -> None:
        """Rows committed to PostgreSQL."""
        self._written.inc(rows)

    def dropped(self, rows: int, reason: str) -> None:
        """Rows that could not be logged."""
        self._dropped.labels(reason).inc(rows)

    def discarded(self, rows: int) -> None:
        """Rows set aside before, of which no copy is kept any more."""
        self._discarded.inc(rows)

    def repaired(self, rows: int) -> None:
        """Rows logged with characters replaced that PostgreSQL cannot hold."""
        self._repaired.inc(rows)

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
