"""The monitor as a file for its drift jobs, so that a run needs no right to read the API."""

from __future__ import annotations

import json
from typing import Any, Final

from controller.desired.metadata import child
from controller.manifest import CONFIG_MAP, MONITOR, Desired
from modelmonitor.api.retrain import BUSINESS_CHANGE
from modelmonitor.api.v1alpha1 import ModelMonitor

MONITOR_FILE: Final = "monitor.yaml"


def monitor_file(monitor: ModelMonitor) -> Desired:
    """The ConfigMap with name, namespace and spec of the monitor as one YAML (in fact JSON) document."""
    document = {
        "apiVersion": MONITOR.api_version,
        "kind": MONITOR.name,
        "metadata": _metadata(monitor),
        "spec": monitor.spec.to_manifest(),
    }
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return child(CONFIG_MAP, monitor, body={"data": {MONITOR_FILE: text}})


def _metadata(monitor: ModelMonitor) -> dict[str, Any]:
    # Of the annotations only what a person declares to the job: others change without any meaning to it.
    declared = {name: text for name, text in monitor.metadata.annotations.items() if name == BUSINESS_CHANGE}
    metadata = {"name": monitor.metadata.name, "namespace": monitor.namespace}
    return {**metadata, "annotations": declared} if declared else dict(metadata)
