"""Labels and owner reference that every object of a monitor carries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.desired.names import child_name
from controller.manifest import MONITOR, Desired, Kind
from modelmonitor.api.labels import CHECK_LABEL, MONITOR_LABEL
from modelmonitor.api.v1alpha1 import ModelMonitor

TASK_LABEL: Final = "modelmonitor.io/task"
TRIGGER_LABEL: Final = "modelmonitor.io/retrain-trigger"
MANAGED_BY: Final = {"app.kubernetes.io/managed-by": "modelmonitor-operator"}


def child(
    kind: Kind,
    monitor: ModelMonitor,
    *,
    body: Mapping[str, Any],
    labels: Mapping[str, str] | None = None,
    name: str | None = None,
    check: str | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Desired:
    """An object of a monitor with its metadata.

    Args:
        kind: kind of the object.
        monitor: its owner.
        body: all top-level fields but apiVersion, kind and metadata.
        labels: labels beside those that every object has.
        name: name of the object; the one of objects that a monitor has one of if left out.
        check: the check that the object serves, if any.
        annotations: annotations of the object.
    """
    metadata: dict[str, Any] = {
        "name": name or child_name(monitor.metadata.name),
        "namespace": monitor.namespace,
        "labels": {**(labels or {}), **own_labels(monitor, check=check)},
        "ownerReferences": [owner_reference(monitor)],
    }
    if annotations:
        metadata["annotations"] = dict(annotations)
    manifest = {"apiVersion": kind.api_version, "kind": kind.name, "metadata": metadata, **body}
    return Desired(kind, manifest, check)


def own_labels(monitor: ModelMonitor, *, check: str | None = None) -> dict[str, str]:
    """Labels by which the objects of a monitor are found."""
    of_check = {CHECK_LABEL: check} if check else {}
    return {**MANAGED_BY, MONITOR_LABEL: monitor.metadata.name, **of_check}


def owner_reference(monitor: ModelMonitor) -> dict[str, Any]:
    """The reference by which the cluster removes an object when its monitor is deleted."""
    return {
        "apiVersion": MONITOR.api_version,
        "kind": MONITOR.name,
        "name": monitor.metadata.name,
        "uid": monitor.metadata.uid or "",
        "controller": True,
        "blockOwnerDeletion": True,
    }
