"""What the watch of InferenceServices remembers: versions, and whose logger each has."""

from __future__ import annotations

from typing import Any

from controller.cluster.capabilities import CapabilityProbe
from controller.cluster.watch import Change
from controller.handlers.cache import MonitorCache
from controller.handlers.services import ServiceWatch, logger_fields
from controller.manifest import INFERENCE_SERVICE, ObjectKey
from controller.work_queue import WorkQueue

MONITOR = ObjectKey("ml", "sentiment")
LOGGER = {"f:spec": {"f:predictor": {"f:logger": {"f:mode": {}, "f:url": {}}}}}
OTHER = {"f:spec": {"f:predictor": {"f:containers": {}}}}


def metadata(version: str, *, holder: str | None = "sentiment") -> dict[str, Any]:
    ours = [{"manager": f"modelmonitor-capture-{holder}", "fieldsV1": LOGGER}] if holder else []
    fields = [*ours, {"manager": "kubectl", "fieldsV1": OTHER}]
    named = {"namespace": "ml", "name": "sentiment", "uid": "u", "labels": {"team": "a"}}
    return {**named, "resourceVersion": version, "managedFields": fields}


class Discovery:
    async def served(self, api_path: str) -> frozenset[str]:
        raise NotImplementedError


def watch() -> tuple[ServiceWatch, MonitorCache, WorkQueue]:
    cache, queue = MonitorCache(), WorkQueue()
    body = {"metadata": {"name": "sentiment", "namespace": "ml", "resourceVersion": "1"}}
    cache.put(MONITOR, {**body, "spec": {"target": {"inferenceService": "sentiment"}}})
    return ServiceWatch(cache, queue, CapabilityProbe(Discovery())), cache, queue


def test_a_list_keeps_only_who_owns_the_logger() -> None:
    kept = logger_fields(metadata("7"))

    assert kept == {
        "namespace": "ml",
        "name": "sentiment",
        "resourceVersion": "7",
        "managedFields": [{"manager": "modelmonitor-capture-sentiment", "fieldsV1": LOGGER}],
    }


def test_any_change_makes_its_monitors_due_and_a_new_list_of_the_same_does_not() -> None:
    watched, _, queue = watch()
    watched.listed(INFERENCE_SERVICE, None, [metadata("7", holder=None)])
    assert queue._waiting == {MONITOR}
    queue._waiting.clear()

    watched.listed(INFERENCE_SERVICE, None, [metadata("7", holder=None)])
    assert queue._waiting == set()

    watched.changed(INFERENCE_SERVICE, Change("MODIFIED", "8", metadata("8", holder=None)))
    assert queue._waiting == {MONITOR}


def test_the_holder_of_a_logger_is_due_though_nobody_knows_it() -> None:
    watched, cache, queue = watch()

    watched.listed(INFERENCE_SERVICE, None, [metadata("7", holder="gone")])

    assert cache.holds(ObjectKey("ml", "gone")) == {"sentiment"}
    assert ObjectKey("ml", "gone") in queue._waiting


def test_without_kserve_nobody_holds_a_logger() -> None:
    watched, cache, queue = watch()
    watched.listed(INFERENCE_SERVICE, "ml", [metadata("7")])
    assert cache.holds(MONITOR) == {"sentiment"}
    queue._waiting.clear()

    watched.absent(INFERENCE_SERVICE, "ml")

    assert cache.holds(MONITOR) == frozenset()
    assert queue._waiting == {MONITOR}
