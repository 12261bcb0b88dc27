from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.handlers.cache import MonitorCache
from controller.manifest import ObjectKey
from controller.reading import read
from modelmonitor.api.job import RAY_NOT_BUILT


def body(*, status: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "modelmonitor.io/v1alpha1",
        "kind": "ModelMonitor",
        "metadata": {"name": "sentiment", "namespace": "ml", "generation": 7, "someFieldOfTheFuture": 1},
        "spec": {"target": {"service": "sentiment"}, "reference": {"dataset": "reviews"}, **spec},
        **({"status": status} if status else {}),
    }


def test_a_valid_object_is_read() -> None:
    reading = read(body())

    assert reading.monitor is not None
    assert (reading.monitor.metadata.name, reading.problems, reading.generation) == ("sentiment", (), 7)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"chekcs": []}, "spec.chekcs is not a field"),
        ({"thresholds": {"confidence": {"warning": 0.8}}}, "spec.thresholds.confidence.warning"),
        ({"job": {"engine": "ray"}}, RAY_NOT_BUILT),
        ({"checks": [{"name": "a", "type": "data", "schedule": "0 0 31 2 *"}]}, "'0 0 31 2 *' never fires"),
    ],
)
def test_what_is_wrong_is_told_with_field_and_fix(spec: dict[str, Any], sentence: str) -> None:
    reading = read(body(**spec))

    assert reading.monitor is None
    assert sentence in " ".join(reading.problems)


def test_a_status_of_another_version_does_not_make_the_spec_invalid() -> None:
    known = {"type": "Ready", "status": "True", "reason": "ObjectsApplied"}
    status = {
        "inventedLater": 1,
        "conditions": [known, {"type": "Ready2", "status": "True", "reason": "New"}],
        "checks": [{"name": "data", "verdict": "NoDrift"}, {"name": "concept", "verdict": "Maybe"}],
    }

    reading = read(body(status=status))

    assert reading.monitor is not None
    assert [condition.type for condition in reading.status.conditions] == ["Ready"]
    assert [check.name for check in reading.status.checks] == ["data"]


def test_an_object_without_a_spec_is_told() -> None:
    without = body()
    del without["spec"]

    assert read(without).monitor is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["target", "reference", "checks", "conditions", "inferenceService", "job"])
PART = ANYTHING | st.dictionaries(FIELDS, ANYTHING | st.dictionaries(FIELDS, ANYTHING), max_size=3)


@given(spec=PART, status=PART)
def test_whatever_another_crd_let_through_is_remembered_and_read(spec: Any, status: Any) -> None:
    strange = {**body(), "spec": spec, "status": status}
    strange["metadata"] = {**strange["metadata"], "uid": "u-1", "resourceVersion": "9"}
    cache = MonitorCache()

    reading = read(strange)

    assert (reading.monitor is None) == bool(reading.problems)
    assert cache.put(ObjectKey("ml", "sentiment"), strange)
    assert ObjectKey("ml", "sentiment") in cache
