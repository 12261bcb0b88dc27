"""Settings of the operator, read from environment variables with the prefix MM_OPERATOR_."""

from __future__ import annotations

from importlib.metadata import version
from typing import Final

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX: Final = "MM_OPERATOR_"


class OperatorSettings(BaseSettings):
    """What the operator must know; command-line options win over the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="ignore", use_attribute_docstrings=True
    )

    namespaces: tuple[str, ...] = ()
    """Namespaces to look after, as a JSON list; all of them if empty, which needs cluster-wide rights."""

    job_image: str = f"modelmonitor/job:{version('modelmonitor')}"
    """Image of drift jobs, for monitors that name none."""

    image_pull_secrets: tuple[str, ...] = ()
    """Secrets, in the namespaces of the monitors, for pulling the image; a JSON list."""

    database_secret: str = "modelmonitor-database"  # noqa: S105 - the name of a Secret, not its value
    """Secret, in the namespaces of the monitors, with the address of PostgreSQL; never read here."""

    database_key: str = "url"
    """Key of the address in that Secret."""

    mlflow_uri: str = ""
    """Address of MLflow for drift jobs; without it runs are not logged there."""

    prometheus_url: str = ""
    """Address of Prometheus, to prove that rules are loaded and targets reached; Unknown without it."""

    prometheus_labels: dict[str, str] = Field(default={})
    """Labels by which Prometheus selects PrometheusRules and PodMonitors, as a JSON object."""

    host: str = "0.0.0.0"  # noqa: S104 - the kubelet and Prometheus come from outside the pod
    """Address of /metrics and /healthz; `::` where pods have IPv6 only."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port of /metrics and /healthz; 0 takes any."""

    workers: int = Field(default=4, ge=1, le=64)
    """Monitors that are reconciled at the same time; more load the API server more."""

    resync_s: float = Field(default=600, gt=0)
    """Seconds after which a monitor is looked at again though nothing changed: results may have grown old."""

    recheck_s: float = Field(default=30, gt=0)
    """Seconds after which a monitor is looked at again whose target is not there or not ready yet."""

    verbose: bool = False
    """True logs also what is of use only to those who work on the operator."""
