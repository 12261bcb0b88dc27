"""Settings of the local stack: one frozen class, every field with unit, default and reason."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class LocalSettings(BaseSettings):
    """Where `modelmonitor up` keeps its data and which ports it prefers (environment: MM_LOCAL_*)."""

    model_config = SettingsConfigDict(env_prefix="MM_LOCAL_", frozen=True, extra="forbid")

    data_dir: Path = Path(".modelmonitor")
    """Folder for database, spool, models, reports and logs; default in the current folder, like .venv."""

    http_port: int = Field(default=8000, ge=0, le=65535)
    """Preferred REST port of the predictor; 8000 is the guide's. 0 lets the system choose."""

    grpc_port: int = Field(default=8081, ge=0, le=65535)
    """Preferred gRPC port of the predictor; 8081 is KServe's."""

    mlflow_port: int = Field(default=5001, ge=0, le=65535)
    """Preferred port of MLflow; 5001 is the guide's."""

    postgres_port: int = Field(default=5432, ge=0, le=65535)
    """Preferred port of PostgreSQL; 5432 is the guide's."""

    collector_port: int = Field(default=8090, ge=0, le=65535)
    """Preferred port of the collector; 8080 is what other servers like to take."""

    predictor_start_s: float = Field(default=300.0, gt=0)
    """Seconds to wait for the predictor: loading torch and a model from a cold disk takes a minute, on a busy
    machine several. One that ends meanwhile is told at once."""

    collector_start_s: float = Field(default=60.0, gt=0)
    """Seconds to wait for the collector: it starts in two on an idle machine."""

    mlflow_start_s: float = Field(default=300.0, gt=0)
    """Seconds to wait for MLflow: its first start migrates its own database, and a busy machine takes minutes
    for what an idle one does in ten seconds."""

    alert_webhook: SecretStr | None = None
    """Address that gets alerts in Alertmanager's format (version 4), besides monitoring_alerts."""

    @field_validator("alert_webhook")
    @classmethod
    def _is_url(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not value.get_secret_value().startswith(("http://", "https://")):
            msg = "write it as http://host:port/path"
            raise ValueError(msg)
        return value

    @property
    def downloads(self) -> Path:
        """Folder for the demo's pinned packages; kept, since they never change."""
        return self.data_dir / "downloads"

    @property
    def logs(self) -> Path:
        """Folder for one log file a process."""
        return self.data_dir / "logs"

    @property
    def reports(self) -> Path:
        """Folder for the HTML and JSON reports."""
        return self.data_dir / "reports"
