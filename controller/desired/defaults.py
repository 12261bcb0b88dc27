"""What an installation sets for all of its monitors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Defaults:
    """Values that a monitor's spec does not hold or leaves open.

    Attributes:
        job_image: image of drift jobs; a spec may name another.
        image_pull_secrets: names of Secrets for pulling it.
        database_secret: name of the Secret, in the namespace of the monitor, with the address of PostgreSQL.
        database_key: key of the address in it.
        mlflow_uri: address of MLflow; empty for none.
        prometheus_labels: labels by which Prometheus selects PrometheusRules and PodMonitors.
        collector_url: where KServe's logger sends predictions; empty where no collector is installed.
        dashboards: Grafana dashboards by file name, as JSON values; empty where Grafana is off.
        dashboard_labels: labels by which Grafana's sidecar selects ConfigMaps.
    """

    job_image: str
    image_pull_secrets: tuple[str, ...] = ()
    database_secret: str = "modelmonitor-database"  # noqa: S105 - the name of a Secret, not its value
    database_key: str = "url"
    mlflow_uri: str = ""
    prometheus_labels: Mapping[str, str] = field(default_factory=dict)
    collector_url: str = ""
    dashboards: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dashboard_labels: Mapping[str, str] = field(default_factory=dict)
