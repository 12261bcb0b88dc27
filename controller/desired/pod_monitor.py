"""The PodMonitor of a target: KServe makes none for predictors.

Pods are scraped, never the Service: with a KServe logger the Service leads to the agent's port.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from controller.desired.defaults import Defaults
from controller.desired.metadata import child
from controller.manifest import POD_MONITOR, Desired
from modelmonitor.api.v1alpha1 import ModelMonitor

_REVISION: Final = {
    "sourceLabels": ["__meta_kubernetes_pod_label_serving_knative_dev_revision"],
    "targetLabel": "revision",
    "action": "replace",
}


def pod_monitor(monitor: ModelMonitor, defaults: Defaults, *, pods: Mapping[str, str]) -> Desired:
    """Scraping of the monitored pods, which adds the label `modelmonitor` to all that they expose.

    Args:
        monitor: the monitor.
        defaults: settings of the installation.
        pods: labels of the pods.
    """
    spec = {
        "selector": {"matchLabels": dict(pods)},
        "podMetricsEndpoints": [_endpoint(monitor)],
    }
    return child(POD_MONITOR, monitor, body={"spec": spec}, labels=defaults.prometheus_labels)


def _endpoint(monitor: ModelMonitor) -> dict[str, Any]:
    metrics = monitor.spec.target.metrics
    own = {"targetLabel": "modelmonitor", "replacement": monitor.metadata.name, "action": "replace"}
    return {
        "portNumber": metrics.known_port,
        "path": metrics.known_path,
        "interval": metrics.interval,
        # Canaries of Knative differ in their revision; elsewhere the label is empty, which is none.
        "relabelings": [own, dict(_REVISION)],
    }
