"""MLflow on this machine: a tracking server with its own database and artifact folder, as a child process."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from modelmonitor.local.errors import LocalError
from modelmonitor.local.ports import LOOPBACK, free_port
from modelmonitor.local.process import ChildProcess

_PROBE_TIMEOUT_S: Final = 2.0
_ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Its background jobs serve tracing of language models; they would be a third process here.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
}


class MlflowPortInUse(LocalError):
    """Another program listens on the port that was given to MLflow."""


class MlflowServer:
    """One MLflow server on the loopback interface; a second start in its folder finds its runs and models.

    Args:
        directory: holds `mlflow.db`, `artifacts/` and `server.log`; made if absent.
        port: where it listens.
        start_s: seconds to wait for it; the first start migrates its database.
    """

    def __init__(self, directory: Path, *, port: int, start_s: float = 120.0) -> None:
        self._directory = directory.resolve()
        self.log = self._directory / "server.log"
        self._port = port
        self._start_s = start_s
        self._process = ChildProcess(
            "MLflow server", self._command(), environment=_environment(), log=self.log
        )

    @property
    def url(self) -> str:
        """The tracking URI, which is also the address of its pages."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def pid(self) -> int | None:
        """Process id, or None when it was not started."""
        return self._process.pid

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            MlflowPortInUse: somebody else listens on the port.
            ProcessFailed: it ended, or did not answer in time; the message has the end of its log.
        """
        # Asked before the start: whoever holds the port might answer our health check in its place.
        if free_port(self._port).moved:
            msg = f"port {self._port} is in use by another program: stop it, or give MLflow another port"
            raise MlflowPortInUse(msg)
        self._directory.mkdir(parents=True, exist_ok=True)
        try:
            self._process.start()
            self._process.wait_ready(self._answers, timeout_s=self._start_s)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server and wait for its end; nothing happens when it does not run."""
        self._process.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=_PROBE_TIMEOUT_S).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def _command(self) -> tuple[str, ...]:
        return (
            *(sys.executable, "-m", "mlflow", "server"),
            *("--backend-store-uri", f"sqlite:///{self._directory / 'mlflow.db'}"),
            *("--artifacts-destination", str(self._directory / "artifacts")),
            *("--host", LOOPBACK, "--port", str(self._port), "--workers", "1"),
        )


def _environment() -> dict[str, str]:
    # A user's own MLFLOW_* would override where this server keeps its data.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MLFLOW_")}
    return inherited | _ENVIRONMENT
