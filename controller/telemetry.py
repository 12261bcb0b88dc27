"""The operator's own metrics and its log: one JSON object a line, one line a reconcile."""

from __future__ import annotations

import json
import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Sized
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from modelmonitor import metrics
from modelmonitor.metrics import Metric as Named

_NOT_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "k8s_skip", "k8s_ref"}


class Sample(Protocol):
    """A value of a gauge."""

    @property
    def metric(self) -> Named:
        """Which gauge."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Label values in the metric's order."""

    @property
    def value(self) -> float:
        """The value."""


class MonitorGauges:
    """The gauges of all monitors; those of a monitor are replaced together and go with it."""

    def __init__(self) -> None:
        self._samples: dict[str, Sequence[Sample]] = {}

    def show(self, key: str, samples: Sequence[Sample]) -> None:
        """Replace all values of a monitor."""
        self._samples[key] = samples

    def forget(self, key: str) -> None:
        """Remove all values of a monitor."""
        self._samples.pop(key, None)

    def collect(self) -> Iterator[Metric]:
        """The values, as prometheus_client asks for them."""
        by_metric: dict[Named, list[Sample]] = defaultdict(list)
        for samples in list(self._samples.values()):
            for sample in samples:
                by_metric[sample.metric].append(sample)
        for metric, found in by_metric.items():
            family = GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)
            for sample in found:
                family.add_metric(sample.labels, sample.value)
            yield family


class Telemetry:
    """Metrics of the operator in a registry of its own, so that tests run several."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.gauges = MonitorGauges()
        self.registry.register(self.gauges)
        self._monitors = self._gauge(metrics.OPERATOR_MONITORS)
        self._queue = self._gauge(metrics.OPERATOR_QUEUE)
        self._reconciles = self._counter(metrics.OPERATOR_RECONCILES)
        self._errors = self._counter(metrics.OPERATOR_RECONCILE_ERRORS)
        self._failing = self._gauge(metrics.OPERATOR_RECONCILE_FAILING)
        self._requests = self._counter(metrics.OPERATOR_API_REQUESTS)
        duration = metrics.OPERATOR_RECONCILE_DURATION
        self._duration = Histogram(
            duration.name, duration.help, buckets=duration.buckets, registry=self.registry
        )
        # A counter that is born with its first failure has no increase from it: begin with both results at 0.
        for result in ("ok", "failed"):
            self._reconciles.labels(result)

    def request_done(self, verb: str, code: str) -> None:
        """Count a request to the API server."""
        self._requests.labels(verb, code).inc()

    def reconciled(self, namespace: str, name: str, *, seconds: float, failed: bool) -> None:
        """Count a reconcile."""
        self._duration.observe(seconds)
        self._reconciles.labels("failed" if failed else "ok").inc()
        self._failing.labels(namespace, name).set(failed)
        errors = self._errors.labels(namespace, name)
        if failed:
            errors.inc()

    def watching(self, monitors: Sized) -> None:
        """The monitors that there are, to be counted whenever somebody asks."""
        self._monitors.set_function(lambda: len(monitors))

    def waiting(self, monitors: int) -> None:
        """How many monitors wait for a reconcile."""
        self._queue.set(monitors)

    def forget(self, namespace: str, name: str) -> None:
        """Remove all series of a monitor."""
        self.gauges.forget(f"{namespace}/{name}")
        for of_monitor in (self._errors, self._failing):
            if (namespace, name) in of_monitor._metrics:  # noqa: SLF001 - remove() raises for unknown labels
                of_monitor.remove(namespace, name)

    def _gauge(self, metric: Named) -> Gauge:
        return Gauge(metric.name, metric.help, metric.labels, registry=self.registry)

    def _counter(self, metric: Named) -> Counter:
        return Counter(metric.name, metric.help, metric.labels, registry=self.registry)


class JsonLines(logging.Formatter):
    """A record as one JSON object: time, level, logger, event and the fields given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_fields(vars(record)),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_as_json(stream: TextIO, *, verbose: bool = False) -> None:
    """Send the log of the whole process to a stream, as JSON lines."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.DEBUG if verbose else logging.INFO, handlers=[handler], force=True)
    # Kopf says of every event of every watch that it handed it over.
    logging.getLogger("kopf.objects").setLevel(logging.NOTSET if verbose else logging.WARNING)


def _fields(record: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in _NOT_FIELDS}
