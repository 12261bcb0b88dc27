"""Which monitor a command is about: its name, thresholds and schedules, as far as the backend knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from modelmonitor.cli.errors import NotFound, SourceDown
from modelmonitor.cli.model import NextRun
from modelmonitor.cli.places import Places
from modelmonitor.health import Bounds, Thresholds

if TYPE_CHECKING:
    from modelmonitor.api.v1alpha1 import ModelMonitor


@dataclass(frozen=True, slots=True)
class Subject:
    """A monitor as commands see it.

    Attributes:
        name: of the monitor.
        deployment: whose predictions, the name in the prediction log.
        monitor: the resource, None where only URLs are known.
        found: the object in the cluster, empty elsewhere.
    """

    name: str
    deployment: str
    namespace: str = ""
    monitor: ModelMonitor | None = None
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def matchers(self) -> dict[str, str]:
        """Labels that the operator gives to the series of the monitor in Prometheus."""
        return {"namespace": self.namespace, "modelmonitor": self.name} if self.found else {}

    @property
    def thresholds(self) -> Thresholds:
        """The bounds of the monitor, or the guide's."""
        return Thresholds() if self.monitor is None else _thresholds(self.monitor)

    def next_runs(self, now: datetime) -> tuple[NextRun, ...]:
        """When each check runs next."""
        if self.monitor is None or self.monitor.spec.suspend:
            return ()
        from modelmonitor.local.scheduler import next_runs

        return tuple(NextRun(run.check, run.at) for run in next_runs(self.monitor.spec.checks, now=now))


def find_subjects(name: str, places: Places) -> tuple[Subject, ...]:
    """The monitors that a command is about; several only in a cluster and without a name.

    Raises:
        NotFound: there is none of this name, or none at all.
        SourceDown: what knows the names does not answer.
    """
    if places.backend == "cluster":
        return _in_cluster(name, places)
    if places.backend == "local":
        return (_local(name, places),)
    return (_by_url(name, places),)


def one_subject(name: str, places: Places) -> Subject:
    """The one monitor that a command is about.

    Raises:
        NotFound: there is none, or several and no name was given.
    """
    found = find_subjects(name, places)
    if len(found) > 1:
        names = ", ".join(f"{each.namespace}/{each.name}" for each in found)
        msg = f"there are several monitors, name one of them: {names}"
        raise NotFound(msg)
    return found[0]


def _local(name: str, places: Places) -> Subject:
    from modelmonitor.cli.local_stack import read_monitor

    monitor = read_monitor(places.monitor_file).monitor
    if name not in ("", monitor.metadata.name):
        msg = f"there is no monitor {name} here: the local stack watches {monitor.metadata.name}"
        raise NotFound(msg)
    return Subject(monitor.metadata.name, monitor.model_name, monitor=monitor)


def _by_url(name: str, places: Places) -> Subject:
    name = name or _served(places) or _logged(places)
    return Subject(name, name)


def _served(places: Places) -> str:
    from modelmonitor.cli.sources.predictor import ask_predictor

    if not places.predictor_url:
        return ""
    try:
        facts = ask_predictor(places.predictor_url, timeout_s=places.timeout_s, low_confidence_below=0.6)
    except SourceDown:
        return ""
    return facts.model


def _logged(places: Places) -> str:
    if not places.database_url:
        return "model"
    from modelmonitor.cli.sources.database import newest_deployment, read_database

    try:
        return read_database(places.database_url, newest_deployment, timeout_s=places.timeout_s)
    except (SourceDown, NotFound):
        # The status itself says on a line of its own that the database does not answer.
        return "model"


def _in_cluster(name: str, places: Places) -> tuple[Subject, ...]:
    from modelmonitor.cli.sources.cluster import list_monitors

    found = tuple(_of_object(each) for each in list_monitors(places))
    chosen = tuple(each for each in found if name in ("", each.name))
    if not chosen:
        what = f"no ModelMonitor {name}" if name else "no ModelMonitor"
        names = ", ".join(f"{each.namespace}/{each.name}" for each in found) or "none"
        msg = f"there is {what} in this namespace (there are: {names}): give -n NAMESPACE or -A"
        raise NotFound(msg)
    return chosen


def _of_object(found: Mapping[str, Any]) -> Subject:
    from pydantic import ValidationError

    from modelmonitor.api.v1alpha1 import ModelMonitor

    name, namespace = found["metadata"]["name"], found["metadata"].get("namespace", "default")
    known = {"metadata": {"name": name, "namespace": namespace}}
    try:
        monitor = ModelMonitor.model_validate(
            {**found, **known, "status": found.get("status") or {}}, by_alias=True, by_name=False
        )
    except ValidationError:
        # Written for another version: its status can still be shown.
        return Subject(name, name, namespace, None, found)
    return Subject(name, monitor.model_name, namespace, monitor, found)


def _thresholds(monitor: ModelMonitor) -> Thresholds:
    from modelmonitor.api.durations import parse_duration

    own = monitor.spec.thresholds
    latency = own.latency_p95
    return Thresholds(
        confidence=Bounds(float(own.confidence.warning), float(own.confidence.critical)),
        low_confidence_share=Bounds(
            float(own.low_confidence_share.warning), float(own.low_confidence_share.critical)
        ),
        latency_p95=Bounds(
            parse_duration(latency.warning).total_seconds(), parse_duration(latency.critical).total_seconds()
        ),
        error_rate=Bounds(float(own.error_rate.warning), float(own.error_rate.critical)),
        low_confidence_below=float(own.low_confidence_below),
    )


def utc_now() -> datetime:
    """The present, UTC."""
    return datetime.now(UTC)
