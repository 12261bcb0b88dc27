"""Settings of operator and admission webhook, from environment variables MM_OPERATOR_… and MM_WEBHOOK_…."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "MM_OPERATOR_"
WEBHOOK_PREFIX: Final = "MM_WEBHOOK_"


class OperatorSettings(BaseSettings):
    """What the operator must know; command-line options win over the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    namespaces: tuple[str, ...] = Field(default=(), examples=['["ml"]'])
    """Namespaces to look after, as a JSON list; all of them if empty, which needs cluster-wide rights."""

    job_image: str = f"modelmonitor/job:{version('modelmonitor')}"
    """Image of drift jobs, for monitors that name none."""

    image_pull_secrets: tuple[str, ...] = Field(default=(), examples=['["registry"]'])
    """Secrets, in the namespaces of the monitors, for pulling the image; a JSON list."""

    database_secret: str = "modelmonitor-database"  # noqa: S105 - the name of a Secret, not its value
    """Secret, in the namespaces of the monitors, with the address of PostgreSQL; never read here."""

    database_key: str = "url"
    """Key of the address in that Secret."""

    mlflow_uri: str = ""
    """Address of MLflow for drift jobs; without it runs are not logged there."""

    prometheus_url: str = ""
    """Address of Prometheus, to prove that rules are loaded and targets reached; Unknown without it."""

    prometheus_labels: dict[str, str] = Field(default={}, examples=['{"release": "monitoring"}'])
    """Labels by which Prometheus selects PrometheusRules and PodMonitors, as a JSON object."""

    collector_url: str = ""
    """Address of the collector for KServe's logger (spec.target.capture: logger); not set without it."""

    dashboards: Path | None = None
    """Directory with Grafana dashboards as JSON, of which each monitor gets a ConfigMap; none without it."""

    dashboard_labels: dict[str, str] = Field(
        default={"grafana_dashboard": "1"}, examples=['{"grafana_dashboard": "1"}']
    )
    """Labels by which Grafana's sidecar selects ConfigMaps, as a JSON object."""

    host: str = "0.0.0.0"  # noqa: S104 - the kubelet and Prometheus come from outside the pod
    """Address of /metrics and /healthz; `::` where pods have IPv6 only."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port of /metrics and /healthz; 0 takes any."""

    workers: int = Field(default=4, ge=1, le=64)
    """Monitors that are reconciled at the same time; more load the API server more."""

    resync_s: float = Field(default=600, gt=0)
    """Seconds after which a monitor is looked at again though no watch, survey or deadline made it due.
    With more than 500 monitors it is longer, so that looking again takes less than half of 1 % of a core."""

    survey_s: float = Field(default=60, gt=0)
    """Seconds between two surveys, in which Prometheus is asked about all monitors at once; longer where one
    takes so much CPU that it would be more than 1 % of a core."""

    recheck_s: float = Field(default=30, gt=0)
    """Seconds after which a monitor is looked at again whose target is not there or not ready yet; twice as
    long each time, up to the resync."""

    pulse_s: float = Field(default=60, gt=0)
    """Seconds between two looks whether the watch keeps up; /healthz fails when it is behind by so long."""

    verbose: bool = False
    """True logs also what is of use only to those who work on the operator."""


class WebhookSettings(BaseSettings):
    """What the admission webhook must know."""

    model_config = SettingsConfigDict(
        env_prefix=WEBHOOK_PREFIX, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    certificate: Path = Path("/etc/modelmonitor/webhook/tls.crt")
    """Certificate, PEM, for the name of the Service; read again when the file changes."""

    key: Path = Path("/etc/modelmonitor/webhook/tls.key")
    """Its private key, PEM."""

    prometheus_url: str = ""
    """Address of Prometheus, to know the traffic; without it windows are not compared with it."""

    mlflow_uri: str = ""
    """Address of MLflow, to know registered models; without it they are not looked for."""

    host: str = "0.0.0.0"  # noqa: S104 - the API server comes from outside the pod
    """Address to listen on; `::` where pods have IPv6 only."""

    port: int = Field(default=9443, ge=0, le=65535)
    """Port to listen on; 0 takes any."""

    renew_s: float = Field(default=60, gt=0)
    """Seconds between two looks whether the certificate was replaced."""

    verbose: bool = False
    """True logs also what is of use only to those who work on it."""
