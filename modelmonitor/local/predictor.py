"""The predictor on this machine: `python -m model_server` as a child process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from modelmonitor.local.ports import LOOPBACK
from modelmonitor.local.process import ChildProcess

_PROBE_TIMEOUT_S: Final = 2.0


class Predictor:
    """One predictor; it can be started again and then answers at the same ports.

    Args:
        environment: the whole environment of the process, MM_SERVER_* but for the ports.
        http_port: of REST.
        grpc_port: of gRPC.
        log: file that its output is appended to.
        start_s: seconds to wait for it to load its model.
    """

    def __init__(
        self, environment: Mapping[str, str], *, http_port: int, grpc_port: int, log: Path, start_s: float
    ) -> None:
        self.url = f"http://{LOOPBACK}:{http_port}"
        self.grpc_address = f"{LOOPBACK}:{grpc_port}"
        self.log = log
        self._start_s = start_s
        listening = {
            # A laptop in a café: what needs no password is for this machine only.
            "MM_SERVER_HOST": LOOPBACK,
            "MM_SERVER_HTTP_PORT": str(http_port),
            "MM_SERVER_GRPC_PORT": str(grpc_port),
        }
        self._process = ChildProcess(
            "predictor",
            [sys.executable, "-m", "model_server"],
            environment={**environment, **listening},
            log=log,
        )

    @property
    def pid(self) -> int | None:
        """Process id, or None when it is not started."""
        return self._process.pid

    def start(self) -> None:
        """Start it and return when it is ready for predictions.

        Raises:
            ProcessFailed: it ended or did not answer in time; the message holds the end of its log.
        """
        try:
            self._process.start()
            self._process.wait_ready(self._is_ready, timeout_s=self._start_s)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let requests in flight finish and its rows reach PostgreSQL, then end it."""
        self._process.stop()

    def _is_ready(self) -> bool:
        try:
            answer = httpx.get(f"{self.url}/v2/health/ready", timeout=_PROBE_TIMEOUT_S)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK
