"""Objects that a deleted monitor of the same name left behind are taken over, without gap or fuss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

KEPT = ("CronJob", "PrometheusRule", "ConfigMap")


def owners(namespace: Any) -> set[str]:
    references = [
        reference
        for kind in KEPT
        for each in namespace.list(kind)
        for reference in each["metadata"].get("ownerReferences") or []
        if each["metadata"]["name"] != "kube-root-ca.crt"
    ]
    return {reference["uid"] for reference in references}


@pytest.mark.parametrize("orphaned", [False, True], ids=["replaced", "deleted with --cascade=orphan"])
def test_a_monitor_that_is_made_again_takes_over_what_is_there(
    namespace: Any,
    start_operator: Callable[..., Any],
    monitor: dict[str, Any],
    prometheus_operator: None,
    orphaned: bool,
) -> None:
    start_operator()
    namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")
    before = namespace.get("CronJob", "sentiment-data")["metadata"]["uid"]

    namespace.delete("ModelMonitor", "sentiment")
    if orphaned:
        orphan(namespace)
    made = namespace.create("ModelMonitor", monitor)
    namespace.wait_for_condition("sentiment", "Ready", "True")

    assert owners(namespace) == {made["metadata"]["uid"]}
    assert namespace.get("CronJob", "sentiment-data")["metadata"]["uid"] == before
    told = [each["note"] for each in namespace.list("Event") if each["type"] == "Warning"]
    assert not [note for note in told if note.startswith("Ready")]


def orphan(namespace: Any) -> None:
    """As the garbage collector does it, which does not run here."""
    for kind in KEPT:
        for each in namespace.list(kind):
            if each["metadata"].get("ownerReferences"):
                namespace.patch(kind, each["metadata"]["name"], {"metadata": {"ownerReferences": None}})
