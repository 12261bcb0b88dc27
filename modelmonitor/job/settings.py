"""Settings of the drift job, read from environment variables with the prefix MM_JOB_."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from modelmonitor.api.load import load_monitor
from modelmonitor.api.v1alpha1 import ModelMonitor
from modelmonitor.job.cluster_status import SERVICE_ACCOUNT, ApiServer, MonitorAddress
from modelmonitor.job.errors import NotInACluster, UnreadableMonitor

PREFIX = "MM_JOB_"


class JobSettings(BaseSettings):
    """What a drift job must know; the environment is the only source, so that no secret is in an argument."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    monitor: Path = Field(description="File with the ModelMonitor, YAML.")
    database_url: SecretStr = Field(description="PostgreSQL: postgresql://user:password@host:port/database.")
    mlflow_tracking_uri: str | None = Field(default=None, description="MLflow; left out, no run is logged.")
    predictor_url: str | None = Field(
        default=None, description="The predictor, for references that must be scored; left out, none can be."
    )
    score_token: SecretStr = Field(
        default=SecretStr(""), description="MM_SERVER_SCORE_TOKEN of that predictor; empty scores nothing."
    )
    check: str = Field(default="all", description="Name of the one check to run, or all.")
    deployment_id: str | None = Field(
        default=None, description="Whose predictions; by default the model's name."
    )
    report_dir: Path | None = Field(default=None, description="Directory for the report as HTML and JSON.")
    now: AwareDatetime | None = Field(default=None, description="End of the windows; by default the present.")
    seed: int | None = Field(
        default=None, ge=0, description="Seed of every random choice; by default from now."
    )
    run_id: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$",
        description="Key of the results; by default a new one.",
    )
    status: str = Field(
        default="",
        pattern=r"^$|^[a-z0-9-]{1,63}/[a-z0-9][a-z0-9.-]{0,252}$",
        description="namespace/name of the monitor in whose status the result goes; empty to leave it out.",
    )
    service_account: Path = Field(
        default=SERVICE_ACCOUNT, description="Directory with token and ca.crt, for the status."
    )
    kubernetes_host: str = Field(
        default="", validation_alias="KUBERNETES_SERVICE_HOST", description="API server; set in every pod."
    )
    kubernetes_port: int = Field(
        default=443, validation_alias="KUBERNETES_SERVICE_PORT", description="Its port; set in every pod."
    )

    @property
    def only(self) -> str | None:
        """The one check to run, None for all."""
        return None if self.check == "all" else self.check

    @property
    def status_of(self) -> tuple[MonitorAddress, ApiServer] | None:
        """Whose status gets the result and where; None to leave it out.

        Raises:
            NotInACluster: a status is wanted, but this is no pod.
        """
        if not self.status:
            return None
        if not self.kubernetes_host:
            raise NotInACluster(
                f"{PREFIX}STATUS is {self.status}, but KUBERNETES_SERVICE_HOST is not set: "
                f"run it in a pod, or leave {PREFIX}STATUS out."
            )
        namespace, _, name = self.status.partition("/")
        host = f"[{self.kubernetes_host}]" if ":" in self.kubernetes_host else self.kubernetes_host
        server = ApiServer(f"https://{host}:{self.kubernetes_port}", self.service_account)
        return MonitorAddress(namespace, name), server

    def moment(self, present: datetime) -> datetime:
        """The end of the windows."""
        return self.now or present


def read_job_settings() -> JobSettings:
    """The settings in the environment.

    Raises:
        UnreadableMonitor: a variable is missing or wrong; the sentence names it.
    """
    try:
        return JobSettings()
    except ValidationError as error:
        problems = (f"{_variable(each['loc'])}: {each['msg']}" for each in error.errors())
        raise UnreadableMonitor(f"The environment of the job is not right: {'; '.join(problems)}.") from None


def read_monitor(settings: JobSettings) -> ModelMonitor:
    """The monitor that the settings name.

    Raises:
        UnreadableMonitor: there is no such file.
        InvalidMonitor: it holds no valid monitor.
    """
    try:
        text = settings.monitor.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableMonitor(
            f"The monitor {settings.monitor} cannot be read ({error}): correct {PREFIX}MONITOR."
        ) from None
    return load_monitor(text, source=str(settings.monitor))


def _variable(location: tuple[int | str, ...]) -> str:
    name = "_".join(map(str, location)).upper()
    return name if name.startswith("KUBERNETES_") else f"{PREFIX}{name}"
