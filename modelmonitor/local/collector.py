"""The collector on this machine: `python -m model_server.collector` as a child process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx

from modelmonitor.local.ports import LOOPBACK
from modelmonitor.local.process import ChildProcess

_PROBE_TIMEOUT_S: Final = 2.0


class Collector:
    """One collector; it can be started again and then answers at the same port.

    Args:
        environment: the whole environment of the process, MM_COLLECTOR_* but for its address.
        port: on the loopback interface, where it takes labels and alerts without a token.
        log: file that its output is appended to.
        start_s: seconds to wait for it.
    """

    def __init__(self, environment: Mapping[str, str], *, port: int, log: Path, start_s: float) -> None:
        self.url = f"http://{LOOPBACK}:{port}"
        self.log = log
        self._start_s = start_s
        address = {"MM_COLLECTOR_HOST": LOOPBACK, "MM_COLLECTOR_PORT": str(port)}
        self._process = ChildProcess(
            "collector",
            [sys.executable, "-m", "model_server.collector"],
            environment={**environment, **address},
            log=log,
        )

    @property
    def pid(self) -> int | None:
        """Process id, or None when it is not started."""
        return self._process.pid

    def start(self) -> None:
        """Start it and return when it takes events.

        Raises:
            ProcessFailed: it ended or did not answer in time; the message holds the end of its log.
        """
        try:
            self._process.start()
            self._process.wait_ready(self._is_alive, timeout_s=self._start_s)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Let what it took reach PostgreSQL, then end it."""
        self._process.stop()

    def _is_alive(self) -> bool:
        # Not /readyz: with a full disk it is still the right thing to keep it running.
        try:
            answer = httpx.get(f"{self.url}/healthz", timeout=_PROBE_TIMEOUT_S)
        except httpx.HTTPError:
            return False
        return answer.status_code == httpx.codes.OK
